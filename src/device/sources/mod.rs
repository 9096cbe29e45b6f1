//! Where values of the box come from, one file a kind (column 15 of a row).

pub mod file;
#[cfg(not(all(
    feature = "luup",
    feature = "software",
    feature = "ubus",
    feature = "xmpp"
)))]
pub mod left_out;
pub mod network;
pub mod procfs;
#[cfg(feature = "software")]
pub mod software;
pub mod stub;
#[cfg(feature = "ubus")]
pub mod ubus;
pub mod uci;
