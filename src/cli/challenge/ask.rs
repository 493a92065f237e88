//! `standstill challenge ask`: ask for records of a ledger, to be drawn by a round to come.

use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::content::About;
use crate::attestation::content::BeaconRound;
use crate::attestation::content::Challenge;
use crate::attestation::content::ChallengeKind;
use crate::attestation::content::Draw;
use crate::attestation::content::LedgerReference;
use crate::attestation::content::Target;
use crate::challenge::Beacon;
use crate::challenge::LEAD;
use crate::challenge::MAX_DRAWN;
use crate::challenge::NOTICE;
use crate::challenge::committed;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::challenge::find;
use crate::cli::drafts;
use crate::cli::failure;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::hash::Hash;
use crate::keystore;
use crate::ledger::Salt;
use crate::time::Period;
use crate::time::UnixSeconds;

/// Ask a lab to open records of a ledger, drawn by a beacon's round that is still to come
///
/// For an auditor, in a workspace of `standstill init DIR --measures ISSUER/AREA`. Publish it
/// at once: a draw counts as unforeseeable only if witnesses saw the challenge five minutes
/// before the round.
#[derive(Debug, clap::Args)]
pub(super) struct AskArgs {
    /// Statement of the lab that names the ledger: a usage, an inventory or a transfer
    #[arg(value_name = "STATEMENT")]
    statement: StatementId,

    /// Log in which it stands: a directory or an address
    #[arg(long, value_name = "LOG")]
    log: String,

    /// Which of a usage's ledgers: devices, jobs or meters (default: the only one, else devices)
    #[arg(long, value_name = "KIND")]
    ledger: Option<String>,

    /// How many records; `standstill challenge plan` says how many
    #[arg(long, value_name = "N")]
    count: u64,

    /// Seconds from now after which the round comes out
    #[arg(long, value_name = "SECONDS", default_value = "86400")]
    after: u64,

    /// Round, in place of the one after so many seconds
    #[arg(long, value_name = "ROUND", conflicts_with = "after")]
    round: Option<u64>,

    /// Chain of another drand beacon than quicknet
    #[arg(long, value_name = "HASH", requires = "round")]
    chain: Option<Hash>,

    /// When the answer is due (default: two days after the round)
    #[arg(long, value_name = "TIME")]
    due: Option<UnixSeconds>,

    /// Draw by a secret as well, which stays in `challenges/` until `standstill challenge draw`:
    /// then the beacon alone does not tell what is drawn
    #[arg(long)]
    secret: bool,

    /// Start of the time that the challenge speaks of (default: the usage's period)
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<UnixSeconds>,

    /// End of that time
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<UnixSeconds>,

    #[command(flatten)]
    place: AreaArgs,
}

/// How long after the round an answer is due, in seconds, where nothing else is said.
const DUE: u64 = 2 * 86_400;

impl AskArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.place.workspace)?;
        let measured = workspace.area(self.place.area)?.schedule.open.measures;
        let statement = Statement::parse(find::payload(&self.log, self.statement)?.as_bytes())?;
        let subject = statement.subject;
        if measured.is_none_or(|one| one.issuer != subject.issuer) {
            let why = format!(
                "area {} does not measure {}",
                self.place.area, subject.issuer
            );
            return Err(Failure::new(why).hint(
                "`standstill init DIR --measures ISSUER/AREA` makes a workspace for an auditor",
            ));
        }
        let (kind, ledger, period) = self.ledger(&statement.content)?;
        let most = ledger.count.min(MAX_DRAWN);
        if self.count == 0 || self.count > most {
            let why = format!("{} of {} records cannot be drawn", self.count, ledger.count);
            return Err(
                Failure::new(why).hint(format!("`--count` is at least 1 and at most {most}"))
            );
        }
        let period = match (self.from, self.to) {
            (Some(from), Some(to)) => Period::new(from, to).ok_or_else(|| {
                Failure::new(format!("{to} is not after {from}"))
                    .hint("the start is included, the end is not")
            })?,
            _ => period.ok_or_else(|| {
                Failure::new("an inventory has no period of its own")
                    .hint("`--from` and `--to` say of which time its devices are asked for")
            })?,
        };
        let (beacon, time) = self.round(world.now)?;
        let least = world.now.plus(LEAD);
        if let Some(time) = time.filter(|time| least.is_none_or(|least| *time < least)) {
            let why = format!(
                "round {} comes out at {time}: it could be foreseen",
                beacon.round
            );
            return Err(Failure::new(why).hint(format!(
                "the challenge must be published, and seen by witnesses, {LEAD} seconds before"
            )));
        }
        let due = self.due.or_else(|| time?.plus(DUE)).ok_or_else(|| {
            Failure::new("nothing says when the answer is due")
                .hint("`--due`: more than an hour after the round")
        })?;
        let least = time.unwrap_or(world.now).plus(NOTICE);
        if least.is_none_or(|least| due < least) {
            let why = format!("due at {due}, nobody need answer it: that is too soon");
            return Err(Failure::new(why).hint(format!(
                "`--due`: at least {NOTICE} seconds after the round"
            )));
        }
        let secret = self.secret.then(keystore::random).transpose()?;
        let secret = secret.map(|secret| Salt::from_bytes(*secret));
        let salt = self.secret.then(keystore::random).transpose()?;
        let salt = salt.map(|salt| Salt::from_bytes(*salt));
        let secret = secret.zip(salt);
        let committed = secret.map(|(secret, salt)| committed(&secret, &salt));
        if let (Some((secret, salt)), Some(committed)) = (&secret, &committed) {
            // Before anything is committed to it.
            keep_secret(&workspace, committed, secret, salt)?;
        }
        let challenge = Challenge {
            kind,
            about: About {
                issuer: subject.issuer,
                streams: vec![subject.stream],
                period,
            },
            target: Some(Target {
                statement: self.statement,
                root: ledger.root,
                count: ledger.count,
            }),
            draw: Draw {
                beacon: Some(beacon),
                commitment: committed,
                count: self.count,
            },
            due,
        };
        let id = workspace.append(self.place.area, Content::Challenge(challenge))?;
        let out = time.map_or_else(String::new, |time| format!(", out at {time}"));
        world.answer(
            &json!({
                "challenge": id.to_string(),
                "chain": beacon.chain.to_string(),
                "round": beacon.round.to_string(),
                "due": due.to_string(),
            }),
            &format!(
                "challenge {id} queued: {} of {} records, by round {}{out}; the answer is due at {due}. Publish it now: `standstill publish`",
                self.count, ledger.count, beacon.round
            ),
        )
    }

    /// Finds the ledger that is asked for in what the lab stated.
    fn ledger<'c>(
        &self,
        content: &'c Content,
    ) -> Result<(ChallengeKind, &'c LedgerReference, Option<Period>), Failure> {
        match content {
            Content::Inventory(one) => Ok((ChallengeKind::Serials, &one.ledger, None)),
            Content::Transfer(one) => Ok((ChallengeKind::Serials, &one.ledger, None)),
            Content::Usage(usage) => {
                let known: Vec<&str> = usage.ledgers.iter().map(|one| one.kind.as_str()).collect();
                let wanted = match (&self.ledger, &*known) {
                    (Some(wanted), _) => wanted.as_str(),
                    (None, [only]) => only,
                    (None, _) => "devices",
                };
                let mut ledgers = usage.ledgers.iter();
                let found = ledgers.find(|one| one.kind.as_str() == wanted);
                let found = found.ok_or_else(|| {
                    Failure::new(format!("the usage names no ledger of `{wanted}`"))
                        .hint(format!("it names: {}", known.join(", ")))
                })?;
                Ok((ChallengeKind::Records, found, Some(usage.period)))
            }
            _ => Err(Failure::new(format!("{} names no ledger", self.statement))
                .hint("a usage, an inventory or a transfer does, and not a correction")),
        }
    }

    /// Returns the round by which is drawn, and when it comes out, if that is known.
    fn round(&self, now: UnixSeconds) -> Result<(BeaconRound, Option<UnixSeconds>), Failure> {
        let quicknet = Beacon::quicknet().ok_or_else(|| Failure::new("no beacon is known"))?;
        let chain = self.chain.unwrap_or(*quicknet.chain());
        let round = if let Some(round) = self.round {
            round
        } else {
            let out = now.plus(self.after).ok_or_else(|| {
                Failure::new(format!("{} seconds from now is beyond time", self.after))
                    .hint("`--after` is in seconds")
            })?;
            quicknet.round_from(out)
        };
        if chain != *quicknet.chain() {
            return Ok((BeaconRound { chain, round }, None));
        }
        let time = quicknet.time_of(round).ok_or_else(|| {
            Failure::new(format!("round {round} never comes out"))
                .hint("rounds are counted from 1; `--after` finds the one that is meant")
        })?;
        Ok((BeaconRound { chain, round }, Some(time)))
    }
}

/// Keeps what the auditor committed to, for `standstill challenge draw`.
fn keep_secret(
    workspace: &Workspace,
    committed: &Hash,
    secret: &Salt,
    salt: &Salt,
) -> Result<(), Failure> {
    let directory = workspace.join("challenges");
    failure::make_directory(&directory)?;
    let path = directory.join(format!("{committed}.secret"));
    drafts::remove(&path)?;
    keystore::create_private(&path, &format!("{secret}\n{salt}\n"))?;
    failure::sync_directory(&directory)
}

/// Reads the secret that an auditor committed to.
pub(super) fn read_secret(workspace: &Path, committed: &Hash) -> Result<(Salt, Salt), Failure> {
    let path: PathBuf = workspace.join(format!("challenges/{committed}.secret"));
    let hint = "the auditor's workspace holds what he committed to: `--workspace`";
    if !path.exists() {
        return Err(Failure::file(&path, "is not there").hint(hint));
    }
    let text = keystore::read_private(&path)?;
    let mut lines = text.lines();
    let mut next = || lines.next()?.parse().ok();
    let secret = next().zip(next());
    secret.ok_or_else(|| Failure::file(&path, "is no secret with its salt").hint(hint))
}
