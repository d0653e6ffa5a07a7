/// Something about a pipeline that cannot work.
package struct PipelineProblem: Sendable, Equatable {
    /// The member of `Pipeline` it is about.
    package let member: String
    package let reason: String

    init(_ member: String, _ reason: String) {
        self.member = member
        self.reason = reason
    }
}

extension Pipeline {
    /// Everything about the pipeline that cannot work.
    ///
    /// An output that lands where its pipeline reads is an input again, for ever. The part of the template
    /// before its first placeholder tells outputs from inputs. Without one only the outputs' metadata can,
    /// which costs a look at every object: `readsMetadata` says whether the caller heeds
    /// `Intake.needsMetadata`.
    package func problems(readsMetadata: Bool) -> [PipelineProblem] {
        var problems: [PipelineProblem] = []
        if id.isEmpty || id.utf8.count > JobIdentity.pipelineBytes {
            problems.append(PipelineProblem("id", "it must have 1 to \(JobIdentity.pipelineBytes) bytes"))
        }
        if inputBucket.isEmpty { problems.append(PipelineProblem("inputBucket", "it is missing")) }
        if outputBucket?.isEmpty == true { problems.append(PipelineProblem("outputBucket", "it is empty")) }
        problems += presetProblems + extensionProblems
        guard takesEvents else { return problems }
        do {
            problems += templateProblems(try KeyTemplate(keyTemplate), readsMetadata: readsMetadata)
        } catch {
            problems.append(PipelineProblem("keyTemplate", error.reason))
        }
        return problems
    }

    private var presetProblems: [PipelineProblem] {
        var problems = presets.filter { !Pipeline.isPresetName($0) }.map {
            PipelineProblem(
                "presets",
                "\(EventParser.excerpt($0)) is no preset's name, which has letters, digits, '.', '_', '-'"
            )
        }
        if Set(presets).count < presets.count {
            problems.append(PipelineProblem("presets", "a preset is named twice"))
        }
        if JobIdentity.join(presets).utf8.count > JobIdentity.presetBytes {
            let reason = "their names have more than \(JobIdentity.presetBytes) bytes together"
            problems.append(PipelineProblem("presets", reason))
        }
        return problems
    }

    private var extensionProblems: [PipelineProblem] {
        extensions.filter { $0.isEmpty || $0.unicodeScalars.contains { $0 == "." || $0 == "/" } }.map {
            PipelineProblem("extensions", "\(EventParser.excerpt($0)) is not an extension without its dot")
        }
    }

    private func templateProblems(_ template: KeyTemplate, readsMetadata: Bool) -> [PipelineProblem] {
        var reasons: [String] = []
        if !template.namesInput {
            reasons.append("it needs {key}, {name} or {stem}, or all outputs have one key")
        }
        if presets.count > 1, !template.uses(.preset) {
            reasons.append("it needs {preset}, or the outputs of several presets have one key")
        }
        if IntakeRules.isSame(effectiveOutputBucket, inputBucket) {
            let prefix = template.literalPrefix
            if template.parts == [.placeholder(.key)]
                || template.parts == [.placeholder(.folder), .placeholder(.name)]
            {
                reasons.append("it would replace every input by its output")
            } else if prefix.isEmpty, !readsMetadata {
                reasons.append("it must begin with a text, or outputs are inputs again, for ever")
            } else if !prefix.isEmpty, IntakeRules.begins(inputPrefix, with: prefix) {
                reasons.append("its beginning \(prefix) is where inputs are, which would count as outputs")
            }
        }
        return reasons.map { PipelineProblem("keyTemplate", $0) }
    }

    private static func isPresetName(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                return isLetter || isDigit || [0x2D, 0x2E, 0x5F].contains(byte)
            }
    }

    /// Everything that keeps pipelines from working side by side, with the place of the one at fault.
    package static func conflicts(
        among pipelines: [Pipeline]
    ) -> [(index: Int, problem: PipelineProblem)] {
        var found: [(index: Int, problem: PipelineProblem)] = []
        for (index, later) in pipelines.enumerated() {
            for earlier in pipelines[..<index] {
                found += later.conflicts(with: earlier).map { (index, $0) }
            }
        }
        return found
    }

    private func conflicts(with other: Pipeline) -> [PipelineProblem] {
        if id == other.id { return [PipelineProblem("id", "another pipeline has it")] }
        guard takesEvents, other.takesEvents else { return [] }
        var problems: [PipelineProblem] = []
        let isSamePlace =
            IntakeRules.isSame(inputBucket, other.inputBucket)
            && IntakeRules.isSame(inputPrefix, other.inputPrefix)
        if isSamePlace, sharesExtensions(with: other) {
            let reason = "pipeline \(other.id) reads the same files, and only one can"
            problems.append(PipelineProblem("inputPrefix", reason))
        }
        for (reader, writer) in [(self, other), (other, self)]
        where IntakeRules.writesOutput(writer, bucket: reader.inputBucket, key: reader.inputPrefix) {
            let reason = "all inputs of pipeline \(reader.id) would count as outputs of pipeline \(writer.id)"
            problems.append(PipelineProblem("inputPrefix", reason))
        }
        return problems
    }

    private func sharesExtensions(with other: Pipeline) -> Bool {
        if extensions.isEmpty || other.extensions.isEmpty {
            return extensions.isEmpty && other.extensions.isEmpty
        }
        return !Set(extensions.map { $0.lowercased() }).isDisjoint(
            with: other.extensions.map { $0.lowercased() }
        )
    }
}
