//! `--model`: what a source's names of types are in the catalogue.

use crate::catalogue::Accelerator;
use crate::catalogue::Catalogue;
use crate::cli::Failure;

/// What a source's names of types are in the catalogue.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Models {
    /// Catalogue's id of a type's name, e.g. `h100=h100-sxm` (can be repeated)
    #[arg(long, value_name = "TYPE=ID", value_parser = pair)]
    pub(super) model: Vec<(String, String)>,
}

impl Models {
    /// Refuses what the catalogue does not know.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let catalogue = Catalogue::embedded();
        let Some((name, id)) = self
            .model
            .iter()
            .find(|(_, id)| catalogue.get(id).is_none())
        else {
            return Ok(());
        };
        let near: Vec<&str> = catalogue
            .iter()
            .map(Accelerator::id)
            .filter(|known| known.starts_with(name.as_str()) || known.starts_with(id.as_str()))
            .collect();
        let failure = Failure::new(format!("the catalogue has no model `{id}`"));
        Err(failure.hint(if near.is_empty() {
            format!("without `--model {name}=…` the devices count as `uncatalogued:{name}`")
        } else {
            format!("it has: {}", near.join(", "))
        }))
    }

    /// Returns the model of a device that a table calls `name`: what it is mapped to, or
    /// the catalogue's own id.
    pub(super) fn resolve(&self, name: &str, catalogue: &Catalogue) -> String {
        let mapped = self.model.iter().rev().find(|(from, _)| from == name);
        match mapped {
            Some((_, id)) => id.clone(),
            None if catalogue.get(name).is_some() => name.to_owned(),
            None => format!("uncatalogued:{name}"),
        }
    }
}

/// Splits `<name>=<value>`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("`{text}` is not `<name>=<value>`"))
}
