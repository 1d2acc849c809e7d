/// Events of services that no function here is for: a trigger that was set by mistake. All are refused.
enum StrayShapes {
    private static let unknown = EventShape.Outcome.refused("does not understand this event")

    static let streams: [EventShape] = [
        EventShape(
            "Kinesis",
            #"""
            {"Records":[{"eventSource":"aws:kinesis","eventID":"shard:1","kinesis":{"data":"\#(base64(stayOrder))",
             "partitionKey":"1","approximateArrivalTimestamp":1790000000.987}}]}
            """#, .refused("takes no records of aws:kinesis")),
        EventShape(
            "Kinesis in windows of time",
            #"""
            {"Records":[{"eventSource":"aws:kinesis","kinesis":{"data":"e30="}}],"window":{"start":"a","end":"b"},
             "state":{"1":282},"shardId":"s","isFinalInvokeForWindow":false,"isWindowTerminatedEarly":false}
            """#, .refused("takes no records of aws:kinesis")),
        EventShape(
            "DynamoDB",
            #"""
            {"Records":[{"eventSource":"aws:dynamodb","eventName":"MODIFY","userIdentity":{"type":"Service"},"dynamodb":{
             "NewImage":{"clientReference":{"S":"a"},"n":{"N":"1"},"b":{"B":"AA=="},"m":{"M":{}}},"SizeBytes":26}}]}
            """#, .refused("takes no records of aws:dynamodb")),
        EventShape(
            "S3",
            #"{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"object":{"key":"a+b"}}}]}"#,
            .refused("takes no records of aws:s3")),
        EventShape(
            "SES",
            #"{"Records":[{"eventSource":"aws:ses","ses":{"mail":{"destination":["a@example.com"]},"receipt":{}}}]}"#,
            .refused("takes no records of aws:ses")),
        EventShape(
            "CodeCommit",
            #"{"Records":[{"eventSource":"aws:codecommit","customData":null,"codecommit":{"references":[]}}]}"#,
            .refused("takes no records of aws:codecommit")),
        EventShape(
            "Kafka of Amazon's: records by topic and partition",
            #"""
            {"eventSource":"aws:kafka","bootstrapServers":"b:9092","records":{"stays-0":[{"topic":"stays","offset":15,
             "key":null,"value":"\#(base64(stayOrder))","headers":[{"h":[104,105]}]}]}}
            """#, .refused("takes no records of aws:kafka")),
        EventShape(
            "Kafka of one's own", #"{"eventSource":"SelfManagedKafka","records":{"stays-0":[]}}"#,
            .refused("takes no records of SelfManagedKafka")),
        EventShape(
            "Kafka of one's own, spelled as its samples have it",
            #"{"eventSource":"aws:SelfManagedKafka","records":{}}"#,
            .refused("takes no records of aws:SelfManagedKafka")),
        EventShape(
            "ActiveMQ, spelled as a pipe has it", #"[{"eventSource":"aws:amq","data":"\#(base64(stayOrder))"}]"#,
            .refused("takes no records of aws:amq")),
        EventShape(
            "ActiveMQ",
            #"{"eventSource":"aws:mq","messages":[{"messageID":"ID:1","data":"\#(base64(stayOrder))","redelivered":false}]}"#,
            .refused("takes no records of aws:mq")),
        EventShape(
            "RabbitMQ",
            #"{"eventSource":"aws:rmq","rmqMessagesByQueue":{"stays::/":[{"basicProperties":{"bodySize":80},"data":""}]}}"#,
            .refused("takes no records of aws:rmq")),
        EventShape(
            "DocumentDB", #"{"eventSource":"aws:docdb","events":[{"event":{"operationType":"delete"}}]}"#,
            .refused("takes no records of aws:docdb")),
        EventShape(
            "a pipe from Kafka", #"[{"eventSource":"aws:kafka","topic":"stays","value":"\#(base64(stayOrder))"}]"#,
            .refused("takes no records of aws:kafka")),
        EventShape(
            "a pipe from RabbitMQ", #"[{"eventSource":"aws:rmq","data":"\#(base64(stayOrder))"}]"#,
            .refused("takes no records of aws:rmq")),
        EventShape(
            "a pipe from Kinesis",
            #"[{"eventSource":"aws:kinesis","data":"\#(base64(stayOrder))","partitionKey":"1"}]"#,
            .refused("takes no records of aws:kinesis")),
        EventShape(
            "Firehose",
            #"{"invocationId":"i","deliveryStreamArn":"arn:a","records":[{"recordId":"1","data":"\#(base64(stayOrder))"}]}"#,
            unknown),
        EventShape("CloudWatch Logs", #"{"awslogs":{"data":"H4sIAAAAAAAAAw=="}}"#, unknown),
    ]

    static let hooks: [EventShape] = [
        EventShape(
            "Cognito, before a sign-up",
            #"""
            {"version":"1","triggerSource":"PreSignUp_SignUp","userName":"guest-7","userPoolId":"us-east-1_1",
             "callerContext":{"clientId":"c"},"request":{"userAttributes":{"sub":"guest-7","email":"a@example.com"},
             "validationData":null},"response":{"autoConfirmUser":false}}
            """#, unknown),
        EventShape(
            "Cognito, before a token",
            #"""
            {"version":"2","triggerSource":"TokenGeneration_HostedAuth","request":{"userAttributes":{"sub":"guest-7"},
             "groupConfiguration":{"preferredRole":null},"scopes":["openid"]},"response":{"claimsAndScopeOverrideDetails":null}}
            """#, unknown),
        EventShape(
            "Cognito, a message to send",
            #"{"triggerSource":"CustomEmailSender_SignUp","request":{"type":"customEmailSenderRequestV1","code":"c"}}"#,
            unknown),
        EventShape(
            "Cognito Sync", #"{"version":2,"eventType":"SyncTrigger","identityId":"i","datasetRecords":{}}"#, unknown),
        EventShape(
            "Config, a rule",
            #"{"version":"1.0","invokingEvent":"{\"messageType\":\"ScheduledNotification\"}","ruleParameters":"{}"}"#,
            unknown),
        EventShape(
            "CodePipeline, a job",
            #"{"CodePipeline.job":{"id":"j","data":{"actionConfiguration":{"configuration":{"UserParameters":""}}}}}"#,
            unknown),
        EventShape(
            "CloudFormation, a resource of one's own",
            #"{"RequestType":"Create","ResponseURL":"https://s3.example.com","ResourceProperties":{"amount":"5"}}"#,
            unknown),
        EventShape(
            "Secrets Manager, a rotation", #"{"Step":"createSecret","SecretId":"arn:a","ClientRequestToken":"t"}"#,
            unknown),
        EventShape(
            "CloudWatch, an alarm's action",
            #"{"source":"aws.cloudwatch","alarmArn":"arn:a","alarmData":{"alarmName":"a","state":{"value":"ALARM"}}}"#,
            unknown),
        EventShape(
            "S3, a batch's task", #"{"invocationSchemaVersion":"2.0","job":{"id":"j"},"tasks":[{"s3Key":"k"}]}"#,
            unknown),
        EventShape(
            "S3, an object to transform",
            #"{"xAmzRequestId":"r","getObjectContext":{"inputS3Url":"u"},"userRequest":{"url":"u","headers":{}}}"#,
            unknown),
        EventShape(
            "Lambda, what became of an invocation",
            #"""
            {"version":"1.0","requestContext":{"functionArn":"arn:a","condition":"Success"},"requestPayload":\#(stayOrder),
             "responsePayload":null}
            """#, unknown),
        EventShape(
            "IoT, a button", #"{"serialNumber":"G0","clickType":"SINGLE","batteryVoltage":"1582 mV"}"#, unknown),
        EventShape(
            "IoT, who may connect",
            #"{"token":"t","signatureVerified":true,"protocols":["tls","http"],"protocolData":{"http":{"headers":{}}}}"#,
            unknown),
        EventShape(
            "Transfer Family, who may log in", #"{"username":"guest-7","password":"p","serverId":"s"}"#, unknown),
        EventShape("Client VPN, who may connect", #"{"connection-id":"c","username":"guest-7"}"#, unknown),
    ]

    static let conversations: [EventShape] = [
        EventShape(
            "AppSync, a field",
            #"""
            {"arguments":{"clientReference":"a","amount":5},"identity":{"sub":"guest-7","claims":{"sub":"guest-7"}},
             "source":null,"request":{"headers":{}},"prev":null,"info":{"fieldName":"grant","variables":{}}}
            """#, unknown),
        EventShape(
            "AppSync, several fields", #"[{"arguments":{"clientReference":"a"},"identity":null,"info":{}}]"#, unknown),
        EventShape(
            "AppSync Events", #"{"info":{"channel":{"path":"/a"},"operation":"PUBLISH"},"events":[{"payload":{}}]}"#,
            unknown),
        EventShape(
            "Alexa",
            #"{"version":"1.0","session":{"user":{"userId":"guest-7"}},"context":{},"request":{"type":"LaunchRequest"}}"#,
            unknown),
        EventShape(
            "Bedrock, an agent that calls an API: it has a method, and its path has a name of its own",
            #"""
            {"messageVersion":"1.0","agent":{"id":"a"},"actionGroup":"g","httpMethod":"POST","apiPath":"/stays",
             "parameters":[],"requestBody":{"content":{"application/json":{"properties":[]}}},"sessionAttributes":{}}
            """#, unknown),
        EventShape(
            "Bedrock, an agent that calls a function",
            #"{"actionGroup":"g","function":"grant","parameters":[{"name":"clientReference","value":"a"}]}"#, unknown),
        EventShape(
            "Connect",
            #"{"Name":"ContactFlowEvent","Details":{"ContactData":{"Queue":null},"Parameters":{"amount":"5"}}}"#,
            unknown),
        EventShape(
            "Lex",
            #"{"sessionId":"s","invocationSource":"FulfillmentCodeHook","bot":{},"sessionState":{"intent":{"slots":{}}}}"#,
            unknown),
    ]

    static let pings: [EventShape] = [
        EventShape("warm-up of a plugin's", #"{"source":"serverless-plugin-warmup"}"#, unknown),
        EventShape(
            "warm-up of a plugin's, as older ones send it", #"{"Event":{"source":"serverless-plugin-warmup"}}"#, unknown
        ),
        EventShape("warm-up with a count", #"{"warmer":true,"concurrency":3}"#, unknown),
        EventShape("warm-up with a word", #"{"keep-warm":"true"}"#, unknown),
        EventShape("the console's first test event", #"{"key1":"value1","key2":"value2","key3":"value3"}"#, unknown),
        EventShape("a request of another platform's", ##"{"__ow_method":"post","__ow_path":"/stays"}"##, unknown),
        EventShape(
            "a REST API's integration that is no proxy",
            #"{"body-json":\#(stayOrder),"params":{"path":{},"querystring":{}},"context":{"http-method":"POST","sub":"u"}}"#,
            unknown),
    ]
}
