import Testing

@testable import PartnerCore
