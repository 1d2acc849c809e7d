import CSystem
import PartnerCore

/// The operator's tool: looks after what the functions keep, by the same settings. In the same subset of Swift as they, so
/// that it is built, shipped and run as they are, and one code reads and writes the records.
@main
enum PartnerAdmin {
    static func main() {
        guard Environment.process["AWS_LAMBDA_RUNTIME_API"] == nil else { return AdminFunction.main() }
        exit(Terminal(Environment.process).run(processArguments()))
    }
}
