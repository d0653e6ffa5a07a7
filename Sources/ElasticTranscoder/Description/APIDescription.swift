/// Elastic Transcoder's API of 2012-09-25: which requests there are, and what they hold.
///
/// Requests are found and checked by it, and clients' models are made of it.
enum APIDescription {
    static let version = "2012-09-25"
    /// Errors that every operation may have.
    static let commonErrors: [APIError.Kind] = [
        .validation, .incompatibleVersion, .accessDenied, .internalService,
    ]

    static let shapes: [String: Shape] = Dictionary(
        uniqueKeysWithValues: (texts + collections + structures + jobStructures).map { ($0.name, $0) }
    )

    /// The members of a structure; none when it is something else.
    static func members(of structure: String) -> [Member] {
        guard case .structure(let members) = shapes[structure]?.kind else { return [] }
        return members
    }
}
