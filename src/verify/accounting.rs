//! The arithmetic of accounting: does what was used add up to what there was, and how
//! small a run could hide in what does not?
//!
//! Specified in `specs/accounting.md`. Taken from the safeguards of nuclear material, whose
//! words stand in brackets: the balance of an area and period and what is unaccounted for
//! in it ([`Balance`], MUF), how far the errors of its figures reach ([`Spread`], sigma
//! MUF), the smallest hidden compute that could not be excluded ([`Resolution`]), what one
//! party declared against what another measured ([`Difference`], the D-statistic), a small
//! loss over many periods ([`Cusum`]), whether that changed ([`Residuals`], SITMUF), and how much, how fast and at what power makes a
//! forbidden run ([`significant_quantity`], [`Conversion`], [`Rating`]).
//!
//! ```
//! use standstill::attestation::figure::Class;
//! use standstill::quantity::Interval;
//! use standstill::quantity::Quantity;
//! use standstill::verify::accounting::Balance;
//! use standstill::verify::accounting::Books;
//! use standstill::verify::accounting::Parameters;
//! use standstill::verify::accounting::Source;
//! use standstill::verify::accounting::Term;
//!
//! let parameters = Parameters::default();
//! let term = |seconds: u64, source| Term {
//!     amount: Interval::exactly(Quantity::from(seconds)),
//!     error: parameters.error(source),
//! };
//! let mut books = Books::default();
//! // One model in one area and period: what was installed, and what became of it.
//! let balance = Balance::of(
//!     term(2_592_000_000, Source::Inspection),
//!     [
//!         (Class::Training, term(2_000_000_000, Source::LabRecord)),
//!         (Class::Idle, term(592_000_000, Source::OwnMeter)),
//!     ],
//! );
//! books.enter("h100-sxm", &balance);
//! let resolution = books.resolution(&parameters);
//! assert!(resolution.flop(|_| Some(1_979_000_000_000_000)).is_some());
//! ```
//!
//! Integers throughout. Whatever decides is rounded towards "not shown": a quantile up, a
//! resolution up, a significant quantity and a conversion time down.
//!
//! This module puts no word on anything: a judge calls it.

mod balance;
mod books;
mod conversion;
mod cusum;
mod difference;
mod energy;
mod level;
mod parameters;
mod residual;
mod resolution;
mod spread;

pub use balance::Alarm;
pub use balance::Balance;
pub use balance::Part;
pub use balance::Term;
pub use books::Books;
pub use conversion::Conversion;
pub use conversion::significant_quantity;
pub use cusum::Cusum;
pub use cusum::CusumAlarm;
pub use cusum::Drift;
pub use cusum::Score;
pub use difference::Difference;
pub use difference::Disagreement;
pub use energy::Rating;
pub use energy::accelerator_joules;
pub use level::ErrorLevel;
pub use level::Quantile;
pub use parameters::ParameterError;
pub use parameters::Parameters;
pub use parameters::Source;
pub use residual::Residuals;
pub use residual::Told;
pub use resolution::Resolution;
pub use spread::Ppm;
pub use spread::RelativeError;
pub use spread::Spread;
