//! The server software that there is. Its name is the blueprint's.

use gantry_plugin::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Software {
    Vanilla,
    TShock,
}

pub(crate) const ALL: [Software; 2] = [Software::Vanilla, Software::TShock];

impl Software {
    pub(crate) fn of(server: &Server) -> Result<Self, Failure> {
        let found = ALL.into_iter().find(|each| each.id() == server.blueprint);
        found.ok_or_else(|| {
            Failure::new("unknown_blueprint", format!("There is no blueprint {}.", server.blueprint))
        })
    }

    /// Of the blueprint.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Vanilla => "terraria",
            Self::TShock => "tshock",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Vanilla => "Terraria",
            Self::TShock => "TShock",
        }
    }

    /// The catalog of the versions that it has: a call for choices does not say for which blueprint.
    pub(crate) const fn versions(self) -> &'static str {
        match self {
            Self::Vanilla => "terraria-versions",
            Self::TShock => "tshock-versions",
        }
    }
}
