/// What is done with an event: what it says of a connection, and then its way to the target.
struct EventDelivery: Sendable {
    let inbox: EventInbox
    let target: EventTarget
    let revocations: Revocations

    /// - Returns: nil when the event is where it belongs and out of the inbox.
    func deliver(_ waiting: WaitingEvent, in invocation: Invocation) throws(StoreError) -> EventRefusal? {
        if let account = waiting.event.revokedAccount,
            let refusal = try revocations.settle(account: account, receivedAt: waiting.receivedAt, in: invocation)
        {
            return refusal
        }
        let refusal: EventRefusal?
        switch target {
        case .store:
            try inbox.keep(waiting, in: invocation)
            return nil
        case .queue(let queue): refusal = queue.send(waiting, in: invocation)
        case .bus(let bus): refusal = bus.put(waiting, in: invocation)
        case .topic(let topic): refusal = topic.publish(waiting, in: invocation)
        case .receiver(let receiver): refusal = receiver.post(waiting, in: invocation)
        }
        if refusal == nil { try inbox.remove(waiting, in: invocation) }
        return refusal
    }
}
