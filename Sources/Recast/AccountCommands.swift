internal import ArgumentParser
internal import Foundation
internal import HTTPService
internal import Jobs

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Keeps the users of the service.",
        subcommands: [Add.self, Remove.self, List.self, Hash.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a user, or gives one another password."
        )

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The user's name.") var name: String
        @Flag(help: "Read the password from standard input, to the end of its first line.")
        var passwordStdin = false

        func run() async throws {
            let password = try PasswordInput.read(passwordStdin)
            try await AccountCommands.run(options, makingFolder: true) { accounts throws(BackendError) in
                try await accounts.addUser(name: name, password: password)
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a user.")

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The user's name.") var name: String

        func run() async throws {
            try await AccountCommands.run(options) { accounts throws(BackendError) in
                guard try await accounts.users().contains(name) else {
                    throw BackendError(.notFound, "there is no user \(name) in the store")
                }
                try await accounts.removeUser(name)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the names of all users, one a line."
        )

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await AccountCommands.run(options) { accounts throws(BackendError) in
                for name in try await accounts.users() { Console.print(name) }
            }
        }
    }

    struct Hash: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the hash of a password, for the list of users in the file of settings."
        )

        @Flag(help: "Read the password from standard input, to the end of its first line.")
        var passwordStdin = false

        func run() async throws {
            guard let hash = Accounts.hash(of: try PasswordInput.read(passwordStdin)) else {
                Console.error("recast: a password has 1 to 1,024 bytes and no controls [invalid]")
                throw CommandFailure(status: 3)
            }
            Console.print(hash)
        }
    }
}

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Keeps the access keys that requests to the API are signed with.",
        subcommands: [Add.self, Remove.self, List.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an access key, and prints it as JSON: the only time that its secret is shown."
        )

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await AccountCommands.run(options, makingFolder: true) { accounts throws(BackendError) in
                let key = try await accounts.makeAccessKey()
                Console.event(["accessKeyId": key.id, "secretAccessKey": key.secret])
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes an access key.")

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The key's id.") var id: String

        func run() async throws {
            try await AccountCommands.run(options) { accounts throws(BackendError) in
                guard try await accounts.accessKeyIDs().contains(id) else {
                    throw BackendError(.notFound, "there is no access key \(id) in the store")
                }
                try await accounts.removeAccessKey(id)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the ids of all access keys, one a line; secrets are never shown again."
        )

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await AccountCommands.run(options) { accounts throws(BackendError) in
                for id in try await accounts.accessKeyIDs() { Console.print(id) }
            }
        }
    }
}

private enum AccountCommands {
    static func run(
        _ options: ConfigurationOptions,
        makingFolder: Bool = false,
        _ body: (Accounts) async throws(BackendError) -> Void
    ) async throws {
        let (configuration, log) = try ServiceCommand.configuration(options)
        do throws(BackendError) {
            let backends =
                makingFolder
                ? try await Backends.open(configuration, log)
                : try await Backends.openExisting(configuration, log)
            try await body(Accounts(store: backends.store))
        } catch {
            throw ServiceCommand.fail(error)
        }
    }
}

private enum PasswordInput {
    /// The first line of standard input; other users of the machine see a program's arguments.
    static func read(_ isAsked: Bool) throws -> String {
        guard isAsked else {
            Console.error("recast: give the password on standard input, with --password-stdin [usage]")
            throw CommandFailure(status: ExitStatus.usage)
        }
        guard let line = readLine(strippingNewline: true), !line.isEmpty else {
            Console.error("recast: there is no password on standard input [usage]")
            throw CommandFailure(status: ExitStatus.usage)
        }
        return line
    }
}
