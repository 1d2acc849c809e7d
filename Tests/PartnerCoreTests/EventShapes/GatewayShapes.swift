@testable import PartnerCore

/// Requests over HTTP.
enum GatewayShapes {
    private static let iris = Caller.person(Caller.Person(subject: "guest-7"))
    private static let arn = "arn:aws:sts::210987654321:assumed-role/shop/i-1"
    private static let shop = Caller.service(arn)

    static let httpAPI: [EventShape] = [
        EventShape(
            "HTTP API without an authorizer, with an empty query and its parameters left out",
            payload2("GET", "/stays", members: #","rawQueryString":"","isBase64Encoded":false"#), .request("GET /stays")
        ),
        EventShape(
            "HTTP API with a JWT authorizer: claims are strings, the list of groups too",
            payload2(
                "GET", "/stays",
                context: """
                    ,"authorizer":{"jwt":{"claims":{"sub":"guest-7","cognito:groups":"[a b]","exp":"1790003600"},
                    "scopes":["stays/read"]}}
                    """), .request("GET /stays", by: iris)),
        EventShape(
            "HTTP API with a JWT authorizer, of a client that signs in for itself",
            payload2(
                "GET", "/stays",
                context: """
                    ,"authorizer":{"jwt":{"claims":{"sub":"c-1","client_id":"c-1","token_use":"access"},"scopes":null}}
                    """), .request("GET /stays")),
        EventShape(
            "HTTP API with a Lambda authorizer's simple response: any JSON in its context",
            payload2(
                "GET", "/stays",
                context: #","authorizer":{"lambda":{"sub":"guest-7","n":3,"r":1.5,"b":true,"x":null,"l":["a"],"o":{}}}"#
            ), .request("GET /stays", by: iris)),
        EventShape(
            "HTTP API with a Lambda authorizer that answered with a policy and no context",
            payload2("GET", "/stays", context: #","authorizer":{"lambda":null}"#), .request("GET /stays")),
        EventShape(
            "HTTP API with IAM",
            payload2(
                "GET", "/stays",
                context: """
                    ,"authorizer":{"iam":{"accessKey":"AK","accountId":"210987654321","callerId":"AROA:i-1",
                    "cognitoIdentity":null,"principalOrgId":"o-1","userArn":"\(arn)","userId":"AROA:i-1"}}
                    """), .request("GET /stays", by: shop)),
        EventShape(
            "HTTP API with IAM, by the role of an identity pool",
            payload2(
                "GET", "/stays",
                context: """
                    ,"authorizer":{"iam":{"callerId":"AROA:CognitoIdentityCredentials","userArn":"\(arn)",
                    "cognitoIdentity":{"amr":["authenticated"],"identityId":"us-east-1:1","identityPoolId":"us-east-1:2"}}}
                    """), .request("GET /stays")),
        EventShape(
            "HTTP API with a client's certificate under a custom domain",
            payload2(
                "GET", "/stays",
                context: """
                    ,"authentication":{"clientCert":{"clientCertPem":"PEM","subjectDN":"CN=guest-7","issuerDN":"CN=ca",
                    "serialNumber":"1","validity":{"notBefore":"May 1 00:00:00 2026 GMT"}}}
                    """), .request("GET /stays")),
        EventShape(
            "HTTP API: cookies apart, lower-case headers, values joined with commas",
            payload2(
                "POST", "/stays",
                members: #"""
                    ,"cookies":["a=1","b=2"],"headers":{"accept":"text/html, */*;q=0.1","x-tag":"1,2"},
                    "rawQueryString":"t=1&t=2&u=%20","queryStringParameters":{"t":"1,2","u":" "},"body":"{}",
                    "pathParameters":{"proxy":"stays"},"stageVariables":{"v":"1"}
                    """#),
            .request(
                "POST /stays?t=1&t=2&u=%20",
                headers: ["Cookie": ["a=1; b=2"], "Accept": ["text/html, */*;q=0.1"], "X-Tag": ["1,2"]], body: "{}")),
        EventShape(
            "HTTP API: a body of base64",
            payload2("POST", "/stays", members: #","body":"eyJhIjoxfQ==","isBase64Encoded":true"#),
            .request("POST /stays", body: #"{"a":1}"#)),
        EventShape(
            "HTTP API: a stage that has a name begins the path", payload2("GET", "/live/stays", stage: "live"),
            .request("GET /stays")),
        EventShape(
            "HTTP API under a custom domain: its mapping is part of the path, not the stage",
            payload2("GET", "/v1/stays", stage: "live"), .request("GET /v1/stays")),
        EventShape("HTTP API: a trailing slash stays", payload2("GET", "/stays/"), .request("GET /stays/")),
        EventShape(
            "HTTP API as SAM serves it locally: no cookies, null and empty parameters",
            payload2(
                "GET", "/stays",
                members: """
                    ,"body":"","cookies":[],"headers":{"X-Forwarded-Port":"3000"},"pathParameters":{},
                    "stageVariables":null,"queryStringParameters":{"a":"b"},"rawQueryString":"a=b","isBase64Encoded":false
                    """), .request("GET /stays?a=b", headers: ["x-forwarded-port": ["3000"], "Cookie": []])),
        EventShape(
            "Function URL without authorization: the account is called anonymous",
            payload2("GET", "/", context: #","accountId":"anonymous","authentication":null"#), .request("GET /")),
        EventShape(
            "Function URL with IAM: the cookies are there twice",
            payload2(
                "PUT", "/stays",
                context: #","authentication":null,"authorizer":{"iam":{"userArn":"\#(arn)","cognitoIdentity":null}}"#,
                members: #","cookies":["a=1"],"headers":{"cookie":"a=1"},"body":null"#),
            .request("PUT /stays", by: shop, headers: ["Cookie": ["a=1"]])),
    ]

    static let payload1API: [EventShape] = [
        EventShape(
            "HTTP API with payload 1.0 without an authorizer: claims and scopes are null",
            payload1(
                "GET", "/stays", context: #","authorizer":{"claims":null,"scopes":null},"identity":{"userArn":null}"#,
                members: #","version":"1.0","multiValueHeaders":{"X-Tag":["1","2"]},"headers":{"X-Tag":"2"}"#),
            .request("GET /stays", headers: ["x-tag": ["1", "2"]])),
        EventShape(
            "HTTP API with payload 1.0 and a JWT authorizer",
            payload1(
                "GET", "/stays", context: #","authorizer":{"claims":{"sub":"guest-7"},"scopes":["a"]},"identity":{}"#,
                members: #","version":"1.0""#), .request("GET /stays", by: iris)),
        EventShape(
            "HTTP API with payload 1.0 and IAM",
            payload1(
                "GET", "/stays",
                context: #","authorizer":{"claims":null,"scopes":null},"identity":{"userArn":"\#(arn)","user":"AROA"}"#,
                members: #","version":"1.0""#), .request("GET /stays", by: shop)),
        EventShape(
            "REST API with null in whatever may be null",
            payload1(
                "GET", "/stays", context: #","authorizer":null,"identity":{"userArn":null,"cognitoIdentityId":null}"#,
                members: #"""
                    ,"headers":null,"multiValueHeaders":null,"queryStringParameters":null,"pathParameters":null,
                    "multiValueQueryStringParameters":null,"body":null,"isBase64Encoded":false
                    """#), .request("GET /stays")),
        EventShape(
            "REST API with several values of a parameter and a header",
            payload1(
                "GET", "/stays",
                members: #"""
                    ,"headers":{"X-Tag":"2"},"multiValueHeaders":{"X-Tag":["1","2"],"Cookie":["a=1; b=2"]},
                    "queryStringParameters":{"t":"2"},"multiValueQueryStringParameters":{"t":["1","2"],"s":["a b&c"]}
                    """#),
            .request(
                "GET /stays?t=1&t=2&s=a%20b%26c", headers: ["X-Tag": ["1", "2"], "Cookie": ["a=1; b=2"]])),
        EventShape(
            "REST API with a resource that is the path",
            payload1("POST", "/stays", resource: "/stays", members: #","body":"a=1&b=2""#),
            .request("POST /stays", body: "a=1&b=2")),
        EventShape(
            "REST API with Cognito",
            payload1(
                "GET", "/stays",
                context: #","authorizer":{"claims":{"sub":"guest-7","email_verified":"true"}},"identity":{}"#),
            .request("GET /stays", by: iris)),
        EventShape(
            "REST API with a TOKEN authorizer that gave a principal only",
            payload1("GET", "/stays", context: #","authorizer":{"principalId":"guest-7","integrationLatency":42}"#),
            .request("GET /stays")),
        EventShape(
            "REST API with a REQUEST authorizer: scalars of its context, of every type and as strings",
            payload1(
                "GET", "/stays",
                context: """
                    ,"authorizer":{"principalId":"p","sub":"guest-7","n":1,"s":"1","b":"true","c":false,"x":null,"r":1.5,
                    "integrationLatency":7},"identity":{"userArn":null}
                    """), .request("GET /stays", by: iris)),
        EventShape(
            "REST API with an authorizer's fields called as other authorizers' objects",
            payload1(
                "GET", "/stays",
                context: #","authorizer":{"principalId":"p","claims":"{\"sub\":\"guest-7\"}","iam":"x"}"#),
            .request("GET /stays")),
        EventShape(
            "REST API with an API key only",
            payload1(
                "GET", "/stays",
                context: #","identity":{"apiKey":"guest-7","apiKeyId":"id","userArn":null,"accountId":null}"#),
            .request("GET /stays")),
        EventShape(
            "REST API with IAM",
            payload1(
                "GET", "/stays",
                context: """
                    ,"identity":{"userArn":"\(arn)","caller":"AROA:i-1","user":"AROA:i-1","accessKey":"AK",
                    "cognitoIdentityId":null,"cognitoAuthenticationType":null,"principalOrgId":"o-1"}
                    """), .request("GET /stays", by: shop)),
        EventShape(
            "REST API with IAM, by the role of an identity pool",
            payload1(
                "GET", "/stays",
                context: """
                    ,"identity":{"userArn":"\(arn)","cognitoIdentityId":"us-east-1:1","cognitoIdentityPoolId":"us-east-1:2",
                    "cognitoAuthenticationType":"unauthenticated"}
                    """), .request("GET /stays")),
        EventShape(
            "REST API with a client's certificate",
            payload1(
                "GET", "/stays",
                context:
                    #","identity":{"clientCert":{"subjectDN":"CN=guest-7","serialNumber":"1"},"sourceIp":"192.0.2.4"}"#
            ), .request("GET /stays")),
        EventShape(
            "the console's test of a REST API: by whoever is signed in to the console",
            #"""
            {"resource":"/stays","path":"/stays","httpMethod":"POST","headers":null,"multiValueHeaders":null,"body":"{\r\n}",
             "requestContext":{"resourcePath":"/stays","path":"/stays","stage":"test-invoke-stage","identity":{
             "apiKey":"test-invoke-api-key","sourceIp":"test-invoke-source-ip","cognitoIdentityId":null,
             "userArn":"\#(arn)"}}}
            """#, .request("POST /stays", by: shop, body: "{\r\n}")),
        EventShape(
            "REST API under a custom domain whose mapping names no stage",
            #"""
            {"resource":"/{proxy+}","path":"/live/stays","httpMethod":"GET",
             "requestContext":{"stage":"live","path":"/live/stays","identity":null,"domainName":"api.example.com"}}
            """#, .request("GET /stays")),
        EventShape(
            "REST API as SAM serves it locally",
            #"""
            {"version":"1.0","resource":"/stays","path":"/stays","httpMethod":"GET","body":null,"pathParameters":null,
             "headers":{"Host":"127.0.0.1:3000"},"multiValueHeaders":{"Host":["127.0.0.1:3000"]},"isBase64Encoded":false,
             "requestContext":{"stage":"Prod","path":"/stays","resourcePath":"/stays","extendedRequestId":null,
             "identity":{"userArn":null,"sourceIp":"127.0.0.1"}}}
            """#, .request("GET /stays", headers: ["host": ["127.0.0.1:3000"]])),
    ]

    static let loadBalancer: [EventShape] = [
        EventShape(
            "load balancer with one value a name, parameters still encoded",
            targetGroup(
                "GET", "/stays",
                members:
                    #""headers":{"x-tag":"2"},"queryStringParameters":{"t":"a%20b"},"body":"","isBase64Encoded":false"#
            ), .request("GET /stays?t=a%20b", headers: ["X-Tag": ["2"]])),
        EventShape(
            "load balancer with several values a name",
            targetGroup(
                "GET", "/stays",
                members: """
                    "multiValueHeaders":{"x-tag":["1","2"]},"multiValueQueryStringParameters":{"t":["1","%26"]},"body":"",
                    "isBase64Encoded":false
                    """), .request("GET /stays?t=1&t=%26", headers: ["X-Tag": ["1", "2"]])),
        EventShape(
            "load balancer that looks for a target's health",
            targetGroup(
                "GET", "/",
                members: """
                    "queryStringParameters":{},"headers":{"user-agent":"ELB-HealthChecker/2.0"},"body":"",
                    "isBase64Encoded":false
                    """), .request("GET /", headers: ["User-Agent": ["ELB-HealthChecker/2.0"]])),
        EventShape(
            "load balancer that has signed somebody in: nobody has looked at its signature",
            targetGroup(
                "GET", "/stays",
                members: """
                    "headers":{"x-amzn-oidc-identity":"guest-7","x-amzn-oidc-data":"e30.e30.c2ln",
                    "x-amzn-mtls-clientcert-subject":"CN=guest-7"}
                    """), .request("GET /stays", headers: ["x-amzn-oidc-identity": ["guest-7"]])),
        EventShape(
            "load balancer without a body", targetGroup("DELETE", "/stays", members: #""headers":{}"#),
            .request("DELETE /stays")),
        EventShape(
            "load balancer with a body of base64",
            targetGroup("POST", "/stays", members: #""headers":{},"body":"eyJhIjoxfQ==","isBase64Encoded":true"#),
            .request("POST /stays", body: #"{"a":1}"#)),
    ]

    /// They have a method and a path like a request, and are none: whoever acted on one would act a second time.
    static let noRequests: [EventShape] = [
        EventShape(
            "REST API that asks a TOKEN authorizer",
            #"{"type":"TOKEN","methodArn":"arn:aws:execute-api:us-east-1:2:k/live/GET/a","authorizationToken":"t"}"#,
            .refused("takes no questions to an authorizer")),
        EventShape(
            "REST API that asks a REQUEST authorizer",
            payload1(
                "DELETE", "/stays",
                members: #","type":"REQUEST","methodArn":"arn:aws:execute-api:us-east-1:2:k/live/DELETE/stays""#),
            .refused("takes no questions to an authorizer")),
        EventShape(
            "HTTP API that asks an authorizer in format 1.0",
            payload1(
                "GET", "/stays",
                members: """
                    ,"version":"1.0","type":"REQUEST","methodArn":"arn:aws:execute-api:us-east-1:2:k/live/GET/stays",
                    "identitySource":"t","authorizationToken":"t","headers":{"authorization":"Bearer t"}
                    """), .refused("takes no questions to an authorizer")),
        EventShape(
            "HTTP API that asks an authorizer in format 2.0",
            payload2(
                "POST", "/stays",
                members: """
                    ,"type":"REQUEST","routeArn":"arn:aws:execute-api:us-east-1:2:k/live/POST/stays",
                    "identitySource":["Bearer t"],"headers":{"authorization":"Bearer t"}
                    """), .refused("takes no questions to an authorizer")),
        EventShape(
            "AppSync that asks an authorizer",
            #"{"authorizationToken":"t","requestContext":{"apiId":"k","queryString":"query Q {a}","variables":{}}}"#,
            .refused("takes no questions to an authorizer")),
        EventShape(
            "WebSocket API that asks an authorizer",
            #"""
            {"type":"REQUEST","methodArn":"arn:aws:execute-api:us-east-1:2:k/live/$connect","headers":{},
             "requestContext":{"connectionId":"c=","eventType":"CONNECT","routeKey":"$connect"}}
            """#, .refused("takes no questions to an authorizer")),
        EventShape(
            "WebSocket API that opens a connection",
            #"""
            {"headers":{"Sec-WebSocket-Version":"13"},"multiValueHeaders":{},"isBase64Encoded":false,"requestContext":{
             "connectionId":"c=","eventType":"CONNECT","routeKey":"$connect","stage":"live","identity":{}}}
            """#, .refused("takes no events of a WebSocket API")),
        EventShape(
            "WebSocket API with a message, which carries an order",
            #"""
            {"body":\#(quoted(stayOrder)),"requestContext":{"connectionId":"c=","eventType":"MESSAGE","routeKey":"grant",
             "messageId":"m","authorizer":{"sub":"guest-7"}}}
            """#, .refused("takes no events of a WebSocket API")),
        EventShape(
            "WebSocket API that closes a connection",
            #"{"requestContext":{"connectionId":"c=","eventType":"DISCONNECT","disconnectStatusCode":1005}}"#,
            .refused("takes no events of a WebSocket API")),
        EventShape(
            "WebSocket API with a method and a path, as proxies and old samples have it",
            payload1(
                "POST", "/stays",
                context: #","connectionId":"c=","eventType":"MESSAGE","authorizer":{"sub":"guest-7"}"#,
                members: #","body":\#(quoted(stayOrder))"#), .refused("takes no events of a WebSocket API")),
        EventShape(
            "VPC Lattice, first form",
            #"""
            {"raw_path":"/stays","method":"GET","headers":{"host":"h"},"query_string_parameters":{"a":"1"},"body":"e30=",
             "is_base64_encoded":true}
            """#, .refused("takes no requests of VPC Lattice")),
        EventShape(
            "VPC Lattice, second form, by IAM",
            #"""
            {"version":"2.0","path":"/stays","method":"GET","headers":{"host":["h"]},"isBase64Encoded":false,
             "requestContext":{"serviceNetworkArn":"arn:aws:vpc-lattice:us-east-1:2:servicenetwork/sn","timeEpoch":"1",
             "serviceArn":"arn:aws:vpc-lattice:us-east-1:2:service/s","identity":{"type":"AWS_IAM","principal":"arn:a"}}}
            """#, .refused("takes no requests of VPC Lattice")),
        EventShape(
            "CloudFront that asks a function at the edge",
            #"{"Records":[{"cf":{"config":{"eventType":"origin-request"},"request":{"method":"POST","uri":"/"}}}]}"#,
            .refused("takes no requests of CloudFront")),
        EventShape(
            "CloudFront with an origin's response",
            #"{"Records":[{"cf":{"config":{"eventType":"viewer-response"},"response":{"status":"200"}}}]}"#,
            .refused("takes no requests of CloudFront")),
    ]
}
