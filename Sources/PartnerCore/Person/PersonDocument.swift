/// Makes one document of the pages of an export, piece by piece, so that none of it has to be held.
public struct PersonDocument {
    private enum Place { case start, rewards, events }

    private var place = Place.start
    /// Of the list that is being written.
    private var isEmpty = true

    public init() {}

    /// What follows the pieces before; after the last page it is complete.
    public mutating func text(of page: PersonPage) -> [UInt8] {
        var text: [UInt8] = []
        if place == .start {
            text += JSON.object(page.head).text.dropLast()
            begin(.rewards, &text, #","rewards":["#)
        }
        add(page.rewards, to: &text)
        // Events come when all rewards have.
        if place == .rewards, !page.events.isEmpty || page.next == nil { begin(.events, &text, #"],"events":["#) }
        add(page.events, to: &text)
        if page.next == nil { text += #"],"next":null}"#.utf8 }
        return text
    }

    private mutating func begin(_ place: Place, _ text: inout [UInt8], _ opening: String) {
        self.place = place
        isEmpty = true
        text += opening.utf8
    }

    private mutating func add(_ entries: [JSON], to text: inout [UInt8]) {
        for entry in entries {
            if !isEmpty { text.append(UInt8(ascii: ",")) }
            isEmpty = false
            text += entry.text
        }
    }
}
