//! What holds for any bytes, for every reader of foreign ones: the fuzz targets in `tests/fuzz` try
//! it with coverage, the tests of each room with simple mutations ([`mutate`]).

mod digest;
mod expr;
mod luup;
mod mutate;
mod rows;
mod soap;
mod uci;

pub use digest::digest;
pub use expr::expr;
pub use luup::luup;
pub use mutate::{ROUNDS, mutate};
pub use rows::rows;
pub use soap::soap;
pub use uci::uci;
