/// Where jobs come from and go to.
package struct Pipeline: Codable, Sendable, Equatable {
    /// Who is told of a job's fate; an empty topic tells nobody.
    package struct Topics: Codable, Sendable, Equatable {
        package var progressing = ""
        package var completed = ""
        package var warning = ""
        package var error = ""

        package init(
            progressing: String = "",
            completed: String = "",
            warning: String = "",
            error: String = ""
        ) {
            self.progressing = progressing
            self.completed = completed
            self.warning = warning
            self.error = error
        }
    }

    /// Where API clients want outputs or thumbnails, and how they are to be stored.
    package struct Destination: Codable, Sendable, Equatable {
        package var bucket: String
        package var storageClass: String?
        package var permissions: [Permission]

        package init(bucket: String, storageClass: String? = nil, permissions: [Permission] = []) {
            self.bucket = bucket
            self.storageClass = storageClass
            self.permissions = permissions
        }
    }

    /// What somebody may do with the outputs, in the words of Elastic Transcoder.
    package struct Permission: Codable, Sendable, Equatable {
        package var granteeType: String?
        package var grantee: String?
        package var access: [String]

        package init(granteeType: String? = nil, grantee: String? = nil, access: [String] = []) {
            self.granteeType = granteeType
            self.grantee = grantee
            self.access = access
        }
    }

    package var id: String
    package var name: String
    package var inputBucket: String
    /// Only objects whose keys begin with it start jobs; where several pipelines' do, the longest wins.
    package var inputPrefix: String
    /// `nil` when renditions go to the input bucket.
    package var outputBucket: String?
    /// Names the output of each preset; see `KeyTemplate`.
    package var keyTemplate: String
    /// One rendition is made with each; without any, objects start no jobs, and all jobs come from the API.
    package var presets: [String]
    /// Only objects with one of these extensions start jobs; without any, what a file holds decides.
    ///
    /// Without dots; capital letters make no difference.
    package var extensions: [String]
    package var topics: Topics
    /// Jobs are still accepted, and wait.
    package var isPaused: Bool
    /// The role that an API client named; nobody assumes it.
    package var role: String?
    /// The key that an API client named; nothing is encrypted with it.
    package var keyARN: String?
    /// Where an API client wants outputs, when it gave no output bucket.
    package var content: Destination?
    /// Where an API client wants thumbnails.
    package var thumbnails: Destination?

    package init(
        id: String,
        name: String,
        inputBucket: String,
        inputPrefix: String = "",
        outputBucket: String? = nil,
        keyTemplate: String = KeyTemplate.standard,
        presets: [String] = ["web"],
        extensions: [String] = [],
        topics: Topics = Topics(),
        isPaused: Bool = false
    ) {
        self.id = id
        self.name = name
        self.inputBucket = inputBucket
        self.inputPrefix = inputPrefix
        self.outputBucket = outputBucket
        self.keyTemplate = keyTemplate
        self.presets = presets
        self.extensions = extensions
        self.topics = topics
        self.isPaused = isPaused
    }

    /// Reads a stored pipeline; members that did not exist when it was stored have their defaults.
    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        id = try members.decode(String.self, forKey: .id)
        name = try members.decode(String.self, forKey: .name)
        inputBucket = try members.decode(String.self, forKey: .inputBucket)
        inputPrefix = try members.decodeIfPresent(String.self, forKey: .inputPrefix) ?? ""
        outputBucket = try members.decodeIfPresent(String.self, forKey: .outputBucket)
        keyTemplate = try members.decodeIfPresent(String.self, forKey: .keyTemplate) ?? KeyTemplate.standard
        presets = try members.decodeIfPresent([String].self, forKey: .presets) ?? ["web"]
        extensions = try members.decodeIfPresent([String].self, forKey: .extensions) ?? []
        topics = try members.decodeIfPresent(Topics.self, forKey: .topics) ?? Topics()
        isPaused = try members.decodeIfPresent(Bool.self, forKey: .isPaused) ?? false
        role = try members.decodeIfPresent(String.self, forKey: .role)
        keyARN = try members.decodeIfPresent(String.self, forKey: .keyARN)
        content = try members.decodeIfPresent(Destination.self, forKey: .content)
        thumbnails = try members.decodeIfPresent(Destination.self, forKey: .thumbnails)
    }

    /// Where renditions go.
    package var effectiveOutputBucket: String { outputBucket ?? content?.bucket ?? inputBucket }
    /// Whether objects that arrive start jobs.
    package var takesEvents: Bool { !presets.isEmpty }
}
