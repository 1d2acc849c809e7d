import CSystem
import PartnerCore
import Testing

@testable import PartnerDev

@Suite("The template as the local gateway reads it")
struct TemplateTests {
    @Test("short forms become long ones, and scalars stay as they were written")
    func shortForms() throws {
        let text = """
            plain: 010
            ref: !Ref Table
            sub: !Sub "${A}#b"
            att: !GetAtt Queue.Arn
            if: !If [HasApps, {a: &x [1, "2"]}, !Ref AWS::NoValue]
            again: *x
            """
        let expected: JSON = [
            "plain": "010", "ref": ["Ref": "Table"], "sub": ["Fn::Sub": "${A}#b"], "att": ["Fn::GetAtt": "Queue.Arn"],
            "if": ["Fn::If": ["HasApps", ["a": ["1", "2"]], ["Ref": "AWS::NoValue"]]], "again": ["1", "2"],
        ]
        try #expect(YAML.parse(Array(text.utf8)) == expected)
    }

    @Test("read as JSON, plain scalars are what JSON has for them, and quoted ones are strings")
    func scalarsOfJSON() throws {
        let text = """
            - [010, 25.10, 7, -1, true, null, "7", 'true', "", ~, yes, 2026-11-26]
            - >-
              7
            """
        let amount = try JSON.parse(Array("25.10".utf8))
        let expected: JSON = [
            ["010", amount, 7, -1, true, .null, "7", "true", "", "~", "yes", "2026-11-26"], "7",
        ]
        try #expect(YAML.parse(Array(text.utf8), scalars: .json) == expected)
    }

    @Test("what is no YAML is refused with its line, and a node that holds itself is not followed for ever")
    func noYAML() {
        #expect(throws: YAMLError(problem: "did not find expected ',' or ']'", line: 3)) {
            try YAML.parse(Array("a: 1\nb: [1\nc: 2\n".utf8))
        }
        #expect(throws: YAMLError(problem: "the nesting is too deep", line: 1)) {
            try YAML.parse(Array("a: &a [*a]".utf8))
        }
    }

    @Test("functions have their routes, with the default authorizer where none is named, their queue and schedules")
    func functions() throws {
        let template = try Template(Array(Self.text.utf8))
        #expect(
            template.functions == [
                Template.Function(
                    name: "things", condition: "HasThings",
                    routes: [
                        GatewayRoute(method: "GET", path: "/things/{id}", access: .people),
                        GatewayRoute(method: "POST", path: "/things", access: .services),
                        GatewayRoute(method: "POST", path: "/hook", access: .anyone),
                    ], queue: Template.Queue(name: "Work", batchSize: 5, largestReceiveCount: 3),
                    schedules: [
                        Template.Schedule(name: "Often", seconds: 300, input: nil),
                        Template.Schedule(name: "Daily", seconds: 86_400, input: #"{"upkeep":true}"#),
                    ])
            ])
        #expect(template.timeoutSeconds == 28)
    }

    @Test("a template without functions, and a function without code or path, are refused by name")
    func refused() {
        #expect(throws: TemplateError.noFunctions) { try Template(Array("Resources: {}".utf8)) }
        let noCode = Self.text.replacing("      CodeUri: dist/x86_64/things\n", with: "")
        #expect(throws: TemplateError.noCode(function: "Things")) { try Template(Array(noCode.utf8)) }
        let noPath = Self.text.replacing("Path: /hook, ", with: "")
        #expect(throws: TemplateError.incompleteRoute(function: "Things", event: "Hook")) {
            try Template(Array(noPath.utf8))
        }
    }

    static let text = """
        Globals: {Function: {Timeout: 28}}
        Resources:
          Api:
            Type: AWS::Serverless::HttpApi
            Properties:
              Auth: {DefaultAuthorizer: AppUsers}
              CorsConfiguration: !If
                - HasWebApps
                - {AllowMethods: [GET, POST], AllowHeaders: [authorization]}
                - !Ref AWS::NoValue
          Things:
            Type: AWS::Serverless::Function
            Condition: HasThings
            Properties:
              CodeUri: dist/x86_64/things
              Events:
                Get: {Type: HttpApi, Properties: {Method: GET, Path: "/things/{id}"}}
                Make: {Type: HttpApi, Properties: {Method: POST, Path: /things, Auth: {Authorizer: AWS_IAM}}}
                Hook: {Type: HttpApi, Properties: {Method: POST, Path: /hook, Auth: {Authorizer: NONE}}}
                Queue: {Type: SQS, Properties: {Queue: !GetAtt Work.Arn, BatchSize: 5}}
                Often: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}
                Daily: {Type: ScheduleV2, Properties: {Schedule: rate(1 day), Input: '{"upkeep":true}'}}
                AtNoon: {Type: Schedule, Properties: {Schedule: "cron(0 12 * * ? *)"}}
                Due: {Type: EventBridgeRule, Properties: {Pattern: {source: [!Ref Source]}}}
          Work:
            Type: AWS::SQS::Queue
            Properties: {RedrivePolicy: {maxReceiveCount: 3}}
        """
}
