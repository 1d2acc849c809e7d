import PartnerCore

/// What the local gateway needs of template.yaml (AWS SAM): the functions, their routes and queues, and who may cross
/// origins.
struct Template: Sendable {
    struct Function: Sendable, Equatable {
        /// The last part of its CodeUri: `dist/arm64/token-relay`.
        let name: String
        /// What it is deployed under; nil when it always is.
        let condition: String?
        let routes: [GatewayRoute]
        /// Nil when no queue feeds it.
        let queue: Queue?
        let schedules: [Schedule]
    }

    /// Something that happens again and again. What is to happen at a time of day is not here: that is the cloud's alone.
    struct Schedule: Sendable, Equatable {
        let name: String
        let seconds: Int
        /// What the function gets; nil for EventBridge's own event.
        let input: String?
    }

    struct Queue: Sendable, Equatable {
        let name: String
        let batchSize: Int
        /// How often a message is handed over before it goes to the dead letters.
        let largestReceiveCount: Int
    }

    var functions: [Function]
    let cors: CORS
    /// What an invocation may take, in seconds.
    let timeoutSeconds: Int

    init(_ text: [UInt8]) throws(TemplateError) {
        let template: JSON
        do throws(YAMLError) { template = try YAML.parse(text) } catch { throw .notYAML(error) }
        let resources = template["Resources"]?.members ?? []
        let api = resources.first { $0.value["Type"] == "AWS::Serverless::HttpApi" }?.value["Properties"] ?? .null
        var functions: [Function] = []
        for resource in resources where resource.value["Type"] == "AWS::Serverless::Function" {
            functions.append(
                try Self.function(
                    resource, resources, defaultAuthorizer: api["Auth"]?["DefaultAuthorizer"]?.string))
        }
        guard !functions.isEmpty else { throw .noFunctions }
        self.functions = functions
        cors = CORS(api["CorsConfiguration"] ?? .null)
        timeoutSeconds = template["Globals"]?["Function"]?["Timeout"]?.number ?? 3
    }

    private static func function(
        _ resource: JSON.Member, _ resources: [JSON.Member], defaultAuthorizer: String?
    ) throws(TemplateError) -> Function {
        let (id, properties) = (resource.name, resource.value["Properties"] ?? .null)
        guard let code = properties["CodeUri"]?.string, let name = code.split(separator: "/").last else {
            throw .noCode(function: id)
        }
        var routes: [GatewayRoute] = []
        var queue: Queue?
        var schedules: [Schedule] = []
        for event in properties["Events"]?.members ?? [] {
            let properties = event.value["Properties"] ?? .null
            switch event.value["Type"]?.string {
            case "HttpApi":
                guard let method = properties["Method"]?.string, let path = properties["Path"]?.string else {
                    throw .incompleteRoute(function: id, event: event.name)
                }
                let authorizer = properties["Auth"]?["Authorizer"]?.string ?? defaultAuthorizer
                routes.append(
                    GatewayRoute(method: method, path: path, access: GatewayRoute.Access(authorizer: authorizer)))
            case "SQS": queue = Queue(properties, resources)
            case "Schedule", "ScheduleV2":
                if let schedule = Schedule(event.name, properties) { schedules.append(schedule) }
            default: break
            }
        }
        return Function(
            name: String(name), condition: resource.value["Condition"]?.string, routes: routes, queue: queue,
            schedules: schedules)
    }
}

extension Template.Queue {
    /// From an event source of type SQS, and the queue that it names in this template.
    fileprivate init?(_ source: JSON, _ resources: [JSON.Member]) {
        guard let id = source["Queue"]?["Fn::GetAtt"]?.string?.split(separator: ".").first else { return nil }
        let redrive = resources.first { $0.name == id }?.value["Properties"]?["RedrivePolicy"]
        name = String(id)
        batchSize = source["BatchSize"]?.number ?? 10
        largestReceiveCount = redrive?["maxReceiveCount"]?.number ?? 1
    }
}

extension Template.Schedule {
    /// From `rate(5 minutes)`.
    fileprivate init?(_ name: String, _ properties: JSON) {
        guard let rate = properties["Schedule"]?.string?.wholeMatch(of: /rate\((\d+) (minute|hour|day)s?\)/),
            let number = Int(rate.1), let unit = ["minute": 60, "hour": 3600, "day": 86_400][String(rate.2)]
        else { return nil }
        self.name = name
        seconds = number * unit
        input = properties["Input"]?.string
    }
}

enum TemplateError: Error, Equatable {
    case notYAML(YAMLError)
    case noFunctions
    case noCode(function: String)
    case incompleteRoute(function: String, event: String)

    var description: String {
        switch self {
        case .notYAML(let error): error.description
        case .noFunctions: "it has no resource of type AWS::Serverless::Function"
        case .noCode(let function): "\(function) has no CodeUri"
        case .incompleteRoute(let function, let event): "the event \(event) of \(function) has no Method or no Path"
        }
    }
}

extension JSON {
    /// A scalar of the template as a whole number.
    fileprivate var number: Int? { string.flatMap { Int($0) } }
}
