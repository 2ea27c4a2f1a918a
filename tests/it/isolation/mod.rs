//! The three tables that guard isolation for good, run as the service's own database logins:
//! matrix (who may touch what), surface (every field, every wrong caller) and absence (planted
//! secrets). All three are derived from the catalogue and the SDL, so nothing has to be added here
//! when a table or a field is.

mod absence;
mod attacks;
pub mod crowd;
mod matrix;
mod surface;
