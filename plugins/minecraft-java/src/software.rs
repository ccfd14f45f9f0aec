//! The server software that there is. Its name is the blueprint's.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Software {
    Vanilla,
    Paper,
    Purpur,
    Fabric,
}

pub(crate) const ALL: [Software; 4] =
    [Software::Vanilla, Software::Paper, Software::Purpur, Software::Fabric];

impl Software {
    pub(crate) fn of(blueprint: &str) -> Option<Self> {
        ALL.into_iter().find(|each| each.id() == blueprint)
    }

    /// Of the blueprint.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Vanilla => "vanilla",
            Self::Paper => "paper",
            Self::Purpur => "purpur",
            Self::Fabric => "fabric",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Vanilla => "Vanilla",
            Self::Paper => "Paper",
            Self::Purpur => "Purpur",
            Self::Fabric => "Fabric",
        }
    }

    /// The catalog of the versions that it has: a call for choices does not say for which blueprint.
    pub(crate) const fn versions(self) -> &'static str {
        match self {
            Self::Vanilla => "vanilla-versions",
            Self::Paper => "paper-versions",
            Self::Purpur => "purpur-versions",
            Self::Fabric => "fabric-versions",
        }
    }

    /// The catalog of its own builds for a version, where it has any, and what people call one.
    pub(crate) const fn builds(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Vanilla => None,
            Self::Paper => Some(("paper-builds", "Build")),
            Self::Purpur => Some(("purpur-builds", "Build")),
            Self::Fabric => Some(("fabric-loaders", "Fabric loader")),
        }
    }
}
