//! `standstill corroborate`: state what one measured of somebody else's area.

mod figures;

use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::About;
use crate::attestation::content::Corroboration;
use crate::attestation::content::CorroborationSource;
use crate::attestation::content::Cover;
use crate::catalogue::Catalogue;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::time::Period;

use figures::FigureArgs;

/// State what was measured of somebody else's area: energy, device-seconds, devices
///
/// For a utility, a colocation host, a cloud, a vendor, a peer or an auditor with a meter, in
/// a workspace of `standstill init DIR --measures ISSUER/AREA`. One statement for each
/// period; it is published like any other, after the period's end.
#[derive(Debug, clap::Args)]
pub(super) struct CorroborateArgs {
    /// How it is known: own-meter, own-billing, inspection, recomputation, or shown-by-lab,
    /// which adds no root of trust
    #[arg(long, value_name = "HOW")]
    source: CorroborationSource,

    /// What was measured: all of the area, part of it (bounds from below only), or more than
    /// it, such as a campus (from above only)
    #[arg(long, value_name = "all|part|more")]
    cover: Cover,

    /// Areas of the lab that it speaks of together (can be repeated; default: the one that
    /// this area measures)
    #[arg(long = "of", value_name = "AREA")]
    streams: Vec<StreamId>,

    /// Statement of the lab that was looked at (can be repeated)
    #[arg(long, value_name = "STATEMENT")]
    examined: Vec<StatementId>,

    #[command(flatten)]
    figures: FigureArgs,

    #[command(flatten)]
    place: AreaArgs,
}

impl CorroborateArgs {
    /// States the figures of a table, which cover all of the area that the first area of a
    /// workspace measures.
    pub(super) const fn of_table(
        table: PathBuf,
        source: CorroborationSource,
        workspace: PathBuf,
    ) -> Self {
        Self {
            source,
            cover: Cover::All,
            streams: Vec::new(),
            examined: Vec::new(),
            figures: FigureArgs::of_table(table),
            place: AreaArgs {
                workspace,
                area: StreamId::FIRST_AREA,
            },
        }
    }

    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.place.workspace)?;
        let area = workspace.area(self.place.area)?;
        let Some(measured) = &area.schedule.open.measures else {
            return Err(Failure::new(format!(
                "area {} measures nobody: it is one of your own",
                self.place.area
            ))
            .hint("`standstill init DIR --measures ISSUER/AREA` makes a workspace for what you measure of others"));
        };
        let mut streams = self.streams.clone();
        if streams.is_empty() {
            streams.push(measured.stream);
        }
        streams.sort_unstable();
        streams.dedup();
        let mut examined = self.examined.clone();
        examined.sort_unstable();
        examined.dedup();
        let stated = self.figures.read(self.source)?;
        let count = stated.len();
        let span = span(stated.iter().map(|(period, _)| *period));
        let contents: Vec<Content> = stated
            .into_iter()
            .map(|(period, figures)| {
                Content::Corroboration(Corroboration {
                    about: About {
                        issuer: measured.issuer,
                        streams: streams.clone(),
                        period,
                    },
                    boundary: figures.iter().find_map(|figure| figure.boundary),
                    source: self.source,
                    cover: self.cover,
                    examined: examined.clone(),
                    catalogue: Catalogue::embedded().digest(),
                    figures,
                })
            })
            .collect();
        workspace.append_all(self.place.area, contents)?;
        let span = span.map_or_else(String::new, |span| format!(" of {span}"));
        world.answer(
            &json!({
                "corroborations": count,
                "issuer": measured.issuer.to_string(),
            }),
            &format!("{count} corroborations{span} queued: `standstill publish` makes them public"),
        )
    }
}

/// Returns the time from the first period's start to the last one's end.
fn span(periods: impl Iterator<Item = Period>) -> Option<Period> {
    periods.reduce(Period::hull)
}
