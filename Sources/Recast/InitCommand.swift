internal import AWSBackend
internal import ArgumentParser
internal import Jobs

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes the queues, tables and bucket events that a worker needs; again does no harm."
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let (configuration, log) = try ServiceCommand.configuration(options)
        do {
            guard configuration.backend == .aws else {
                let backends = try await Backends.open(configuration, log)
                for pipeline in backends.pipelines {
                    Console.print("bucket \(pipeline.inputBucket) is in \(configuration.dataFolder)/buckets")
                }
                return
            }
            guard let queueURL = configuration.queueURL else {
                Console.error(
                    "recast: queueURL (RECAST_QUEUE_URL) is not set; its last part names the queue [usage]"
                )
                throw CommandFailure(status: ExitStatus.usage)
            }
            let setup = AWSSetup(client: try Backends.client(configuration, log))
            for pipeline in configuration.pipelines where pipeline.takesEvents {
                var plan = AWSSetup.Plan(bucket: pipeline.inputBucket, queueURL: queueURL)
                plan.prefix = pipeline.inputPrefix
                plan.deadLetterURL = configuration.deadLetterQueueURL
                plan.table = configuration.table
                plan.responses = configuration.responsesTable
                for sentence in try await setup.run(plan) { Console.print(sentence) }
            }
        } catch let error as BackendError {
            throw ServiceCommand.fail(error)
        }
    }
}
