extension HTTPEvent {
    /// The answer in the shape that the gateway wants. Two Set-Cookie headers stay two everywhere.
    func encode(_ response: Response) -> JSON {
        var answer: JSON = ["statusCode": .integer(response.status)]
        let cookies = response.headers.all("Set-Cookie")
        let others = response.headers.fields.filter { !equalIgnoringASCIICase($0.name, "Set-Cookie") }
        switch shape {
        case .payload2:
            answer.add("headers", .object(joined(others)))
            if !cookies.isEmpty { answer.add("cookies", .array(cookies.map { .string($0) })) }
        case .payload1, .loadBalancer(isMultiValue: true):
            answer.add("multiValueHeaders", .object(grouped(response.headers.fields)))
        case .loadBalancer(isMultiValue: false):
            let spelled = cookies.enumerated().map { JSON.Member(setCookie(spelling: $0), .string($1)) }
            answer.add("headers", .object(joined(others) + spelled))
        }
        if shape.isLoadBalancer {
            answer.add("statusDescription", .string("\(response.status) \(reasonPhrase(response.status))"))
        }
        answer.add("body", .string(response.body.withUnsafeBufferPointer { String(copying: $0) }))
        answer.add("isBase64Encoded", false)
        return answer
    }

    private func joined(_ fields: [Headers.Field]) -> [JSON.Member] {
        grouped(fields).map { member in
            let values = member.value.array?.compactMap { $0.string } ?? []
            return JSON.Member(member.name, .string(values.joined(separator: ", ")))
        }
    }

    /// `set-cookie`, `Set-cookie`, `sEt-cookie`, ... This form has one value a name, and cookies cannot be joined (RFC
    /// 6265 section 3); but names that differ in case are two members to JSON and one header to browsers.
    private func setCookie(spelling number: Int) -> String {
        var capitals = number
        var name: [UInt8] = []
        for letter in "set-cookie".utf8 {
            guard letter != UInt8(ascii: "-") else {
                name.append(letter)
                continue
            }
            name.append(capitals & 1 == 1 ? letter & ~0x20 : letter)
            capitals >>= 1
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// One member a name, with all its values.
    private func grouped(_ fields: [Headers.Field]) -> [JSON.Member] {
        var members: [JSON.Member] = []
        for field in fields {
            let value = JSON.string(field.value)
            if let index = members.firstIndex(where: { equalIgnoringASCIICase($0.name, field.name) }) {
                members[index] = JSON.Member(members[index].name, .array((members[index].value.array ?? []) + [value]))
            } else {
                members.append(JSON.Member(field.name, [value]))
            }
        }
        return members
    }
}
