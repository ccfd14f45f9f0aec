//! What the database promises, asked of a real one.

mod backups;
mod connections;
mod credentials;
mod deliveries;
mod drains;
mod fixtures;
mod games;
mod lends;
mod login;
mod nodes;
mod people;
mod player_sessions;
mod records;
mod registry_logins;
mod row_security;
mod schedules;
mod secrets;
mod servers;
mod speed;
mod statistics;
