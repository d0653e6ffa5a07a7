internal import Foundation
internal import Jobs
internal import Transcoding

/// The operations on presets.
extension ElasticTranscoderAPI {
    func createPreset(_ input: JSONValue) async throws(APIError) -> JSONValue {
        var rules = PresetRules()
        rules.check(input)
        guard rules.violations.isEmpty else { throw APIError(violations: rules.violations) }
        let name = input["Name"]?.text ?? ""
        do {
            try Preset(json: input.data, named: RequestReader.excerpt(name)).checkAbilities()
        } catch {
            throw APIError(.validation, "The engine cannot make this: \(error.message)")
        }
        let preset = try await withNewID { id throws(BackendError) in
            var members = input.members
            members["Id"] = .string(id)
            members["Type"] = .string("Custom")
            let preset = JSONValue.object(members)
            _ = try await store.insert(StoredDocument(kind: .preset, id: id, body: preset.data))
            return preset
        }
        return .object(["Preset": answer(preset), "Warning": .string(LevelAdvice.warning(input["Video"]))])
    }

    func readPreset(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let id = input["Id"]?.text ?? ""
        var members = try await preset(id).members
        // A preset that was replaced still has its own id.
        members["Id"] = .string(id)
        return .object(["Preset": answer(.object(members))])
    }

    func deletePreset(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let id = input["Id"]?.text ?? ""
        guard systemPresets[id] == nil else {
            throw APIError(.accessDenied, "The preset \(id) is the system's and cannot be deleted.")
        }
        _ = try await preset(id)
        guard try await !hasActiveJob({ job in job.outputs.contains { $0.presetID == id } }) else {
            throw APIError(
                .inUse,
                "The preset has jobs that have not ended: account=\(settings.account), presetId=\(id)"
            )
        }
        try await attempt { () throws(BackendError) in try await store.deleteDocument(.preset, id) }
        return .object([:])
    }

    /// The system's presets come first; newest first turns the whole list around.
    func listPresets(_ input: JSONValue) async throws(APIError) -> JSONValue {
        let token = input["PageToken"]?.text
        let isAscending = isAscending(input)
        let isInSystem = token.map { systemPresets[$0] != nil } ?? isAscending
        var found: [(id: String, preset: JSONValue)] = []
        var next: String?
        if isAscending {
            let system = isInSystem ? systemPresets(after: token, ascending: true) : []
            found = Array(system.prefix(Self.pageSize))
            let room = Self.pageSize - found.count
            let custom = try await customPresets(
                after: isInSystem ? nil : token,
                ascending: true,
                limit: max(1, room)
            )
            let isWhole = system.count == found.count && room > 0
            if isWhole { found += custom.items }
            next =
                isWhole
                ? custom.next : system.count > found.count || !custom.items.isEmpty ? found.last?.id : nil
        } else {
            if !isInSystem {
                let custom = try await customPresets(after: token, ascending: false, limit: Self.pageSize)
                found = custom.items
                next = custom.next
            }
            if next == nil {
                let system = systemPresets(after: isInSystem ? token : nil, ascending: false)
                let part = system.prefix(Self.pageSize - found.count)
                found += part
                next = system.count > part.count ? found.last?.id : nil
            }
        }
        return page("Presets", found.map { answer($0.preset) }, next: next)
    }

    // MARK: - Presets

    /// A preset as it is stored.
    ///
    /// - Throws: `notFound`.
    func preset(_ id: String) async throws(APIError) -> JSONValue {
        if let entry = systemPresets[id] { return entry.value }
        let document = try await attempt { () throws(BackendError) in
            try await store.document(.preset, id)
        }
        guard let document else { throw notFound(.preset, id) }
        guard let value = JSONValue(json: document.body) else {
            throw failure(BackendError(.invalid, "the document of preset \(id) cannot be read"))
        }
        return value
    }

    private func answer(_ preset: JSONValue) -> JSONValue {
        var members = preset.members
        members["Arn"] = .string(arn(.preset, preset["Id"]?.text ?? ""))
        return .object(members)
    }

    private func systemPresets(after token: String?, ascending: Bool) -> [(id: String, preset: JSONValue)] {
        let all = systemPresets.entries.map { (id: $0.id, preset: $0.value) }
        let ordered = ascending ? all : all.reversed()
        guard let token, let place = ordered.firstIndex(where: { $0.id == token }) else { return ordered }
        return Array(ordered[(place + 1)...])
    }

    private func customPresets(
        after token: String?,
        ascending: Bool,
        limit: Int
    ) async throws(APIError) -> Page<(id: String, preset: JSONValue)> {
        let page = try await attempt { () throws(BackendError) in
            try await store.documents(.preset, ascending: ascending, after: token, limit: limit)
        }
        let items = page.items.compactMap { document in
            JSONValue(json: document.body).map { (id: document.id, preset: $0) }
        }
        return Page(items: items, next: page.next)
    }
}
