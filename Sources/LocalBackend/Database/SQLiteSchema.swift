internal import GRDB

/// The tables, and the steps that lead to them.
///
/// Times are seconds since 1970. A step that was released is never changed; a change is a new step.
enum SQLiteSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: queue, jobs, records, notifications, announced files") { database in
            try database.execute(sql: queue + metadata + notices)
        }
        migrator.registerMigration("2: records by mail") { database in
            try database.execute(sql: "CREATE INDEX recordsByMail ON records (mail, projectStep)")
        }
        return migrator
    }

    /// A message is visible from `visibleAt` on; one with a `deadCode` is a dead letter.
    private static let queue = """
        CREATE TABLE messages (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            body TEXT NOT NULL,
            receipt TEXT,
            receiveCount INTEGER NOT NULL DEFAULT 0,
            sent REAL NOT NULL,
            visibleAt REAL NOT NULL,
            deadCode TEXT,
            deadMessage TEXT,
            deadJobID TEXT,
            deadAt REAL
        );
        CREATE INDEX messagesByVisibility ON messages (visibleAt) WHERE deadCode IS NULL;
        CREATE INDEX messagesByDeath ON messages (deadAt) WHERE deadCode IS NOT NULL;

        """

    /// `body` is the whole job; the other columns repeat what is searched for.
    ///
    /// `transcoding` is what `VideoTranscoding` says; `attributes` is what others keep with a record, and
    /// is never changed here.
    private static let metadata = """
        CREATE TABLE jobs (
            id TEXT PRIMARY KEY,
            revision INTEGER NOT NULL,
            pipelineID TEXT NOT NULL,
            status TEXT NOT NULL,
            identity TEXT UNIQUE,
            body TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX jobsByPipeline ON jobs (pipelineID, id);
        CREATE INDEX jobsByStatus ON jobs (status, id);
        CREATE TABLE documents (
            kind TEXT NOT NULL,
            id TEXT NOT NULL,
            revision INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (kind, id)
        ) WITHOUT ROWID;
        CREATE TABLE records (
            projectStep TEXT NOT NULL,
            mail TEXT NOT NULL,
            video TEXT NOT NULL,
            sequencer TEXT NOT NULL,
            transcoding TEXT,
            attributes TEXT NOT NULL DEFAULT '{}',
            PRIMARY KEY (projectStep, mail)
        ) WITHOUT ROWID;
        CREATE INDEX recordsByVideo ON records (projectStep, video);

        """

    private static let notices = """
        CREATE TABLE notifications (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            topic TEXT NOT NULL,
            subject TEXT NOT NULL,
            message TEXT NOT NULL,
            at REAL NOT NULL
        );
        CREATE TABLE announced (
            bucket TEXT NOT NULL,
            key TEXT NOT NULL,
            eTag TEXT NOT NULL,
            at REAL NOT NULL,
            PRIMARY KEY (bucket, key)
        ) WITHOUT ROWID;

        """
}
