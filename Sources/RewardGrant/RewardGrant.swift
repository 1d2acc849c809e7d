import PartnerCore

@main
enum Main {
    static func main() {
        Log(descriptor: 1).write(.info, "not built yet")
    }
}
