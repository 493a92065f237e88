//! The demo's lab that others measure: a cloud's bills, and an auditor who counted again.

use std::fmt::Write as _;
use std::path::Path;

use crate::attestation::StreamId;
use crate::attestation::content::CorroborationSource;
use crate::attestation::content::Measured;
use crate::attestation::figure::Class;
use crate::cli::Failure;
use crate::cli::corroborate::CorroborateArgs;
use crate::cli::demo::DAYS;
use crate::cli::demo::Demo;
use crate::cli::demo::Lab;
use crate::cli::demo::START;
use crate::cli::demo::at;
use crate::cli::demo::quietly;
use crate::cli::failure;
use crate::cli::inventory::InventoryArgs;
use crate::cli::pledge::training;
use crate::cli::publish::PublishArgs;
use crate::cli::workspace::Config;
use crate::time::DAY;
use crate::time::UnixSeconds;

/// So many devices the lab declares: as many as its job log ever has at work, and some.
const DEVICES: u64 = 80;

/// Who measures, and how.
const OTHERS: [(&str, CorroborationSource); 2] = [
    ("cloud", CorroborationSource::OwnBilling),
    ("auditor", CorroborationSource::Recomputation),
];

/// What each states of all thirty days: between what, in accelerator-seconds of training.
const STATED: [(&str, u64, u64); 2] = [
    ("billed", 15_200_000, 15_800_000),
    ("allocated", 15_261_022, 15_261_022),
];

impl Demo<'_, '_> {
    /// Declares the lab's devices: what nothing could exceed is no limit.
    pub(super) fn declare(&mut self, lab: &Lab, now: UnixSeconds) -> Result<(), Failure> {
        let name = lab.name;
        let workspace = self.path.join(name);
        let mut table = "serial,model\n".to_owned();
        for number in 1..=DEVICES {
            writeln!(table, "SN-{number:04},h100-sxm")?;
        }
        let file = workspace.join("devices.csv");
        failure::create(&file, table.as_bytes())?;
        self.show(&format!(
            "standstill inventory {name}/devices.csv --workspace {name}"
        ))?;
        let inventory = InventoryArgs::of_table(file, workspace);
        quietly(now, |world| inventory.run(world))
    }

    /// Makes a workspace for each who measures.
    pub(super) fn found_others(&mut self, lab: &Lab, now: UnixSeconds) -> Result<(), Failure> {
        let config = config(&self.path.join(lab.name))?;
        let log = failure::read_text(&self.path.join(lab.name).join("log/vkey"))?;
        for (name, _) in OTHERS {
            self.show(&format!(
                "standstill init {name} --measures {}/1 --log {} --first 2026-03-01T00:00:00Z --witness witness-1 --witness witness-2 --witness witness-3",
                config.issuer,
                log.trim_end()
            ))?;
            let mut init = self.init(name)?;
            init.measures = vec![Measured {
                issuer: config.issuer.parse()?,
                stream: StreamId::new(1),
            }];
            init.log = Some(Box::new(log.trim_end().parse()?));
            quietly(now, |world| init.run(world))?;
        }
        Ok(())
    }

    /// States what was measured, and has the lab's log take it.
    pub(super) fn measure(&mut self, lab: &Lab, now: UnixSeconds) -> Result<(), Failure> {
        self.world.say(format!(
            "# Others state what they measured of `{}`; its log takes it:",
            lab.name
        ))?;
        let (start, end) = (
            at(START)?,
            at(START.saturating_add(DAYS.saturating_mul(DAY)))?,
        );
        let mut entries = Vec::new();
        for ((name, source), (basis, lower, upper)) in OTHERS.into_iter().zip(STATED) {
            let workspace = self.path.join(name);
            let table = workspace.join("march.csv");
            let mut text = "start,end,quantity,model,class,basis,lower,upper\n".to_owned();
            // Of every class that the pledge limits: what is not said is not known.
            for class in training() {
                let (lower, upper) = match class {
                    Class::Training => (lower, upper),
                    _ => (0, 0),
                };
                writeln!(
                    text,
                    "{start},{end},accelerator_seconds,h100-sxm,{class},{basis},{lower},{upper}"
                )?;
            }
            failure::create(&table, text.as_bytes())?;
            self.show(&format!(
                "standstill corroborate {name}/march.csv --workspace {name} --source {source} --cover all"
            ))?;
            let corroborate = CorroborateArgs::of_table(table, source, workspace.clone());
            quietly(now, |world| corroborate.run(world))?;
            self.show(&format!(
                "standstill publish --workspace {name} --preview >> others"
            ))?;
            let preview = PublishArgs {
                preview: true,
                ..PublishArgs::of(workspace)
            };
            let shown = super::quietly_shown(now, |world| preview.run(world))?;
            entries.extend(shown);
        }
        let file = self.path.join("others");
        failure::create(&file, &entries)?;
        self.show(&format!(
            "standstill publish --workspace {} --also others",
            lab.name
        ))?;
        let publish = PublishArgs {
            also: Some(file),
            ..PublishArgs::of(self.path.join(lab.name))
        };
        quietly(now, |world| publish.run(world))
    }

    /// Names in the auditor's file who must measure the lab.
    pub(super) fn expect_others(&self, lab: &Lab, trust: &mut String) -> Result<(), Failure> {
        let issuer = config(&self.path.join(lab.name))?.issuer;
        for (name, _) in OTHERS {
            let id = config(&self.path.join(name))?.issuer;
            write!(
                trust,
                "\n[[corroborator]]  # who is expected to measure the lab\n\
                 id = \"{id}\"\n\
                 name = \"{name}\"\n\
                 trust_root = \"stand-in for the {name}\"  # who would control it\n\
                 measures = \"{issuer}\"\n"
            )?;
        }
        Ok(())
    }
}

fn config(workspace: &Path) -> Result<Config, Failure> {
    let text = failure::read_text(&workspace.join("standstill.toml"))?;
    Ok(toml::from_str(&text)?)
}
