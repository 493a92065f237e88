//! demo
use crate::cli::{Failure, World};
/// Demo
#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {}
impl DemoArgs {
    pub(super) fn run(&self, _world: &mut World<'_>) -> Result<u8, Failure> {
        Ok(0)
    }
}
