//! Every check, and what its finding does to a verdict: the table of
//! `specs/verdicts.md`.

use crate::verify::verdict::Axis;
use crate::verify::verdict::Word;

/// Declares the checks: variant, name, axis, the word that its finding calls for.
macro_rules! checks {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $axis:ident, $word:expr;)*) => {
        /// What is checked.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Deserialize, serde::Serialize,
        )]
        pub enum Check {
            $($(#[$doc])* $variant,)*
        }

        impl Check {
            /// Every check.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns what it is about.
            pub const fn axis(self) -> Axis {
                match self {
                    $(Self::$variant => Axis::$axis,)*
                }
            }

            /// Returns the word that its finding calls for; `None` where it only informs.
            pub const fn calls_for(self) -> Option<Word> {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

const BROKEN: Option<Word> = Some(Word::LogIntegrityFailure);
const NOT_SHOWN: Option<Word> = Some(Word::NotShown);

checks! {
    /// A breach, in what the lab itself says.
    Breach = "breach", Correctness, Some(Word::Violated);
    /// A breach, in what enough roots of trust measured that are not the lab's.
    BreachMeasured = "breach-measured", Correctness, Some(Word::Violated);

    // The log's files.
    /// A bundle that is malformed.
    Bundle = "bundle", Integrity, BROKEN;
    /// An earlier checkpoint of a bundle that is not shown to be a prefix.
    BundleCheckpoint = "bundle-checkpoint", Integrity, BROKEN;
    /// A bundle of entries that is not as many entries as it must be.
    BundleFraming = "bundle-framing", Integrity, BROKEN;
    /// Entries of a bundle that are not shown to be in the tree.
    BundleProof = "bundle-proof", Integrity, BROKEN;
    /// A checkpoint that is malformed, or not signed by the log.
    Checkpoint = "checkpoint", Integrity, BROKEN;
    /// An entry other than the one that its tile names.
    EntryHash = "entry-hash", Integrity, BROKEN;
    /// A checkpoint that the log signed and that is no prefix of it.
    Fork = "fork", Integrity, BROKEN;
    /// A tile or bundle of entries that is absent.
    Missing = "missing", Integrity, BROKEN;
    /// Entries whose root is not the checkpoint's.
    Root = "root", Integrity, BROKEN;
    /// A tile that is not what its entries make.
    Tile = "tile", Integrity, BROKEN;
    /// A tile that is not as many hashes as it must be.
    TileFraming = "tile-framing", Integrity, BROKEN;
    /// A file that could not be read this time.
    Unreadable = "unreadable", Completeness, NOT_SHOWN;
    /// Who was asked and did not answer, or what was given and could not be read.
    Unanswered = "unanswered", Completeness, None;
    /// No log was there to be read, though its witnesses answer for it.
    NoLog = "no-log", Completeness, NOT_SHOWN;
    /// What was read was last seen by a quorum too long ago.
    Stale = "stale", Completeness, NOT_SHOWN;

    // An issuer and its streams.
    /// Two statements for one place.
    Equivocation = "equivocation", Integrity, BROKEN;
    /// Two first statements that share a root key.
    SharedRoot = "shared-root", Integrity, BROKEN;
    /// An earlier id that the statement or the trust file leaves out.
    EarlierId = "earlier-id", Completeness, NOT_SHOWN;
    /// An issuer whose statements are to be judged in another log.
    LogOfRecord = "log-of-record", Completeness, NOT_SHOWN;
    /// An issuer that moved to another log.
    Moved = "moved", Completeness, NOT_SHOWN;
    /// Statements before it that are not in the log.
    Sequence = "sequence", Integrity, BROKEN;
    /// A statement that does not follow the one before it.
    Previous = "previous", Integrity, BROKEN;
    /// A head of stream 0 where another statement stands.
    Head = "head", Integrity, BROKEN;
    /// A head of stream 0 that is not shown.
    HeadMissing = "head-missing", Completeness, NOT_SHOWN;
    /// A head of stream 0 older than that of the statement before.
    HeadOrder = "head-order", Integrity, BROKEN;
    /// A `notBefore` that does not verify: it gives no bound.
    NotBefore = "not-before", Integrity, None;
    /// A `notBefore` that the log signed and that is no prefix of it.
    NotBeforeFork = "not-before-fork", Integrity, BROKEN;
    /// A `notBefore` that goes back.
    NotBeforeOrder = "not-before-order", Integrity, None;
    /// A signed entry that nobody can read.
    IllFormed = "ill-formed", Completeness, NOT_SHOWN;
    /// A statement of an unknown type, or whose content cannot be read.
    NotUnderstood = "not-understood", Correctness, None;
    /// A correction that corrects nothing.
    Correction = "correction", Correctness, None;
    /// How many reports were corrected.
    Corrected = "corrected", Correctness, None;

    // Areas and their reports.
    /// An area that is opened again.
    AreaReopened = "area-reopened", Integrity, BROKEN;
    /// A change of periods that is not applied.
    AreaChange = "area-change", Completeness, None;
    /// A change of periods that a quorum saw late.
    ChangeLate = "change-late", Completeness, None;
    /// An area that was not declared.
    AreaMissing = "area-missing", Completeness, NOT_SHOWN;
    /// An area that the trust file expects and that was not declared.
    ExpectedArea = "expected-area", Completeness, NOT_SHOWN;
    /// An area that accounts only from within the window on.
    AreaBegins = "area-begins", Completeness, NOT_SHOWN;
    /// An area that was closed within the window.
    AreaClosed = "area-closed", Completeness, NOT_SHOWN;
    /// A report of another period than the next.
    Contiguous = "contiguous", Completeness, NOT_SHOWN;
    /// A report that covers nothing, because its period was not next.
    Stray = "stray", Completeness, NOT_SHOWN;
    /// A report that is due and not there, past its deadline.
    Overdue = "overdue", Completeness, Some(Word::Overdue);
    /// A report that is not there.
    ReportMissing = "report-missing", Completeness, NOT_SHOWN;
    /// How many reports are not there.
    ReportsMissing = "reports-missing", Completeness, NOT_SHOWN;
    /// A report that a quorum saw before its period ended.
    Early = "early", Completeness, NOT_SHOWN;
    /// Reports that came after their deadline.
    Late = "late", Completeness, None;
    /// Reports of periods before the area was seen declared.
    Backfill = "backfill", Completeness, None;
    /// Another inventory named than the one in force.
    Inventory = "inventory", Completeness, None;
    /// An inventory corrected to more devices after they were accounted for.
    InventoryCorrected = "inventory-corrected", Completeness, NOT_SHOWN;
    /// Devices that left a listed area.
    CapacityLeft = "capacity-left", Completeness, NOT_SHOWN;
    /// Devices that left a listed area, and are charged to it.
    CapacityCharged = "capacity-charged", Completeness, None;
    /// Figures that do not say how much they saw.
    CoverageUnknown = "coverage-unknown", Completeness, None;
    /// A report that bounds nothing from above.
    UnboundedReport = "unbounded-report", Completeness, NOT_SHOWN;
    /// An opened ledger that does not give what was attested.
    LedgerSum = "ledger-sum", Correctness, NOT_SHOWN;
    /// A transfer of which the other side does not say the same.
    TransferUnmatched = "transfer-unmatched", Completeness, None;
    /// Devices that opened ledgers list in two areas at once.
    DeviceTwice = "device-twice", Correctness, NOT_SHOWN;
    /// Devices that left by a transfer and are there again.
    DeviceReturned = "device-returned", Correctness, NOT_SHOWN;
    /// Meters that have one series of readings.
    SeriesRepeated = "series-repeated", Correctness, None;
    /// How many ledgers were opened.
    Ledgers = "ledgers", Correctness, None;

    /// A seal that was broken, or not confirmed for longer than was pledged.
    SealBroken = "seal-broken", Correctness, Some(Word::Violated);
    /// A seal that is not confirmed, and may yet be.
    SealUnconfirmed = "seal-unconfirmed", Completeness, NOT_SHOWN;
    /// Devices of a halted area that no seal holds.
    Unsealed = "unsealed", Completeness, NOT_SHOWN;
    /// An inventory that a claim starts from and that is not there.
    InventoryNamed = "inventory-named", Completeness, NOT_SHOWN;
    /// What only opened records would show.
    Unopened = "unopened", Completeness, NOT_SHOWN;

    /// A run of which others were made and that is not here.
    LineageMissing = "lineage-missing", Completeness, NOT_SHOWN;
    /// A run that is its own ancestor.
    LineageCycle = "lineage-cycle", Correctness, NOT_SHOWN;
    /// What areas recorded and no run explains.
    Unexplained = "unexplained", Correctness, None;

    /// A pact whose text was not given.
    PactText = "pact-text", Completeness, NOT_SHOWN;
    /// Two pledges of one issuer that name one pact.
    PactTwice = "pact-twice", Correctness, NOT_SHOWN;
    /// Fewer parties than a claim depends on are shown to hold theirs.
    Condition = "condition", Correctness, None;
    /// Too few parties are left that did not break theirs.
    Lapsed = "lapsed", Correctness, NOT_SHOWN;
    /// What would have been a breach had the claim not lapsed before.
    AfterLapse = "after-lapse", Correctness, None;

    // What others say.
    /// Who is expected to speak of an area and does not.
    CorroborationMissing = "corroboration-missing", Completeness, NOT_SHOWN;
    /// What somebody measured may be beyond the limit.
    Contradicted = "contradicted", Correctness, NOT_SHOWN;
    /// What others bound, but not within the limit.
    Corroborated = "corroborated", Correctness, None;
    /// What somebody measured is not what the lab reported.
    Disagreement = "disagreement", Correctness, None;
    /// Less reported than measured, beyond what errors explain.
    DeclaredLess = "declared-less", Correctness, None;
    /// More reported than measured, beyond what errors explain.
    DeclaredMore = "declared-more", Correctness, None;
    /// What is reported and what is measured part from each other.
    Drift = "drift", Correctness, None;
    /// Figures that are the same in several periods in a row.
    Repeated = "repeated", Correctness, None;
    /// Evidence of hardware whose bytes were not given.
    EvidenceUnopened = "evidence-unopened", Completeness, None;
    /// Evidence of hardware whose nonce its giver could have chosen.
    EvidenceStale = "evidence-stale", Correctness, None;
    /// Evidence of hardware that does not verify.
    EvidenceRefused = "evidence-refused", Correctness, None;
    /// What hardware showed.
    Hardware = "hardware", Correctness, None;
    /// More devices shown than the inventory lists.
    HardwareUndeclared = "hardware-undeclared", Correctness, NOT_SHOWN;
    /// A challenge that was answered, and what was opened.
    Challenged = "challenged", Correctness, None;
    /// A challenge that is not due yet.
    ChallengeOpen = "challenge-open", Completeness, None;
    /// A challenge that nobody need answer.
    ChallengeVoid = "challenge-void", Completeness, None;
    /// A challenge that was not answered, past its time.
    ChallengeOverdue = "challenge-overdue", Completeness, Some(Word::Overdue);
    /// A challenge to which no answer is here.
    ChallengeUnanswered = "challenge-unanswered", Completeness, NOT_SHOWN;
    /// A challenge that was answered after its time.
    ChallengeLate = "challenge-late", Completeness, None;
    /// A challenge that the lab would not or could not answer.
    ChallengeRefused = "challenge-refused", Completeness, NOT_SHOWN;
    /// A challenge whose answer was not given.
    ChallengeUnopened = "challenge-unopened", Completeness, None;
    /// A challenge whose answer does not show what was drawn.
    ChallengeFailed = "challenge-failed", Correctness, NOT_SHOWN;
    /// A challenge of which somebody could have foreseen what it draws.
    ChallengeForeseeable = "challenge-foreseeable", Correctness, None;
    /// Reports that do not account for what the inventory holds.
    Unbalanced = "unbalanced", Correctness, None;

    // Claims.
    /// An issuer of the trust file that has no pledge here.
    NoPledge = "no-pledge", Completeness, NOT_SHOWN;
    /// A pledge that contradicts itself, or that nothing could break.
    Pledge = "pledge", Correctness, NOT_SHOWN;
    /// A sliding window that is not judged for its kind of claim.
    Sliding = "sliding", Correctness, NOT_SHOWN;
    /// A duty that ended before the window began.
    Window = "window", Correctness, NOT_SHOWN;
    /// A pledge that was withdrawn.
    Withdrawn = "withdrawn", Completeness, None;
    /// A trigger that was not shown to have come.
    Trigger = "trigger", Correctness, None;
    /// Reports that come later than what they would show could be done.
    TooSlow = "too-slow", Completeness, None;
    /// A limit that what there was could not have exceeded.
    Worth = "worth", Correctness, None;
    /// A window that began before a quorum saw the pledge.
    PledgedLate = "pledged-late", Correctness, None;
    /// A perimeter without an area.
    Perimeter = "perimeter", Completeness, NOT_SHOWN;
    /// An affiliate that is not here.
    Affiliate = "affiliate", Completeness, NOT_SHOWN;
    /// A reduction without a baseline, or with one that was not over when it was pledged.
    Baseline = "baseline", Correctness, NOT_SHOWN;
    /// A head of the baseline that is not in its stream.
    BaselineHead = "baseline-head", Completeness, NOT_SHOWN;
    /// A report of the baseline that was not committed to.
    BaselineMissing = "baseline-missing", Completeness, NOT_SHOWN;
    /// What was reported may exceed the limit and may not.
    Straddles = "straddles", Correctness, NOT_SHOWN;
    /// Nothing bounds the quantity from above.
    Unbounded = "unbounded", Correctness, NOT_SHOWN;
}
