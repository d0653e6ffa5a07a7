extension Candidate where Subject == ObjectStoreSubject {
    static var objectStores: [Candidate] { [.inMemory] }
}

extension Candidate where Subject == JobQueueSubject {
    static var jobQueues: [Candidate] { [.inMemory] }
}

extension Candidate where Subject == MetadataStoreSubject {
    static var metadataStores: [Candidate] { [.inMemory] }
}

extension Candidate where Subject == NotifierSubject {
    static var notifiers: [Candidate] { [.inMemory] }
}
