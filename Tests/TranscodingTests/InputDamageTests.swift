import Testing

@testable import Transcoding

@Suite("What is damage")
struct InputDamageTests {
    private func tally(_ change: (inout DamageTally) -> Void) -> InputDamage {
        var tally = DamageTally()
        tally.pictureCount = 100
        tally.soundCount = 100
        tally.container.packetCount = 200
        change(&tally)
        return tally.damage
    }

    @Test("Nothing found is no damage")
    func nothing() {
        let damage = tally { $0.promises = [(4, 4)] }
        #expect(damage.isEmpty && damage.isTolerable)
        #expect(damage.description == "no damage")
    }

    @Test("Two errors in a short clip are told and tolerated, three are not")
    func pictures() {
        #expect(tally { $0.pictureErrors = 2 }.isTolerable)
        #expect(!tally { $0.pictureErrors = 2 }.isEmpty)
        #expect(
            !tally {
                $0.pictureErrors = 2; $0.lostPictures = 1
            }.isTolerable
        )
    }

    @Test("In a long clip one picture in 200 may have errors")
    func longClip() {
        let long: (inout DamageTally) -> Void = {
            $0.pictureCount = 2000
            $0.pictureErrors = 10
        }
        #expect(tally(long).isTolerable)
        #expect(
            !tally {
                long(&$0); $0.pictureErrors = 11
            }.isTolerable
        )
    }

    @Test(
        "Half a second may be missing of a short clip, 2 % of a long one",
        arguments: [
            (4.0, 3.6, true), (4.0, 3.4, false), (100.0, 98.1, true), (100.0, 97.9, false),
        ]
    )
    func missing(promised: Double, reached: Double, isTolerable: Bool) {
        let damage = tally { $0.promises = [(promised, reached)] }
        #expect(damage.isTolerable == isTolerable)
        #expect(abs(damage.missingSeconds - (promised - reached)) < 1e-9)
    }

    @Test("A container that states its length from its bit rate is not held to a tenth of a second")
    func estimated() {
        #expect(
            tally {
                $0.promises = [(4, 3.8)]; $0.isExact = false
            }.isEmpty
        )
        #expect(!tally { $0.promises = [(4, 3.8)] }.isEmpty)
    }

    @Test("Sound that has errors counts, and so does a reading that broke off")
    func soundAndReading() {
        #expect(tally { $0.soundErrors = 3 }.isTolerable)
        #expect(!tally { $0.soundErrors = 4 }.isTolerable)
        #expect(!tally { $0.readFailure = "Input/output error" }.isTolerable)
    }

    @Test("The damage of two inputs adds up")
    func sum() {
        let sum = tally { $0.pictureErrors = 2 } + tally { $0.lostPictures = 5 }
        #expect(sum.pictureErrors == 2 && sum.lostPictures == 5 && !sum.isTolerable)
        #expect(sum.description == "2 pictures have errors, 5 pictures are lost")
    }
}

@Suite("A recording that begins in the middle of a GOP")
struct LeadInTests {
    @Test("Its first errors are no damage, later ones are")
    func leads() {
        var lead = LeadIn()
        for errors in 1...30 { #expect(lead.damage(errors, isKeyframe: false) == 0) }
        #expect(lead.damage(30, isKeyframe: true) == 0)
        for _ in 0..<9 { #expect(lead.damage(31, isKeyframe: false) == 0) }
        for _ in 0..<9 { _ = lead.damage(31, isKeyframe: false) }
        #expect(lead.damage(34, isKeyframe: false) == 3)
    }

    @Test("Where a keyframe comes first, every error counts")
    func counts() {
        var lead = LeadIn()
        #expect(lead.damage(1, isKeyframe: true) == 1)
        #expect(lead.damage(2, isKeyframe: false) == 2)
    }
}

@Suite("Pictures that a decoder leaves out")
struct PictureLedgerTests {
    private func lost(_ expected: [Int64], _ arrived: [Int64], interlaced: Bool = false) -> Int {
        var ledger = PictureLedger(codec: "h264")
        for pts in expected { ledger.expect(pts) }
        for pts in arrived { ledger.arrive(pts, isInterlaced: interlaced) }
        ledger.finish()
        return ledger.lostCount
    }

    @Test("Reordered pictures are not lost")
    func reordered() { #expect(lost([0, 4, 2, 1, 3], [0, 1, 2, 3, 4]) == 0) }

    @Test("One that a later one overtakes is lost")
    func overtaken() { #expect(lost([0, 4, 2, 1, 3], [0, 1, 3, 4]) == 1) }

    @Test("Those before the first were never to be seen, those after the last were")
    func ends() {
        #expect(lost([0, 1, 2, 3], [2, 3]) == 0)
        #expect(lost([0, 1, 2, 3], [0, 1]) == 2)
    }

    @Test("Fields and other codecs are not judged")
    func unjudged() {
        #expect(lost([0, 1, 2, 3], [0, 2], interlaced: true) == 0)
        var ledger = PictureLedger(codec: "vp8")
        for pts in [0, 1, 2] as [Int64] { ledger.expect(pts) }
        ledger.arrive(0, isInterlaced: false)
        ledger.arrive(2, isInterlaced: false)
        ledger.finish()
        #expect(ledger.lostCount == 0)
    }
}
