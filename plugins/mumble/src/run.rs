//! How it gets onto the node and how it starts: every setting is an edit of `murmur.ini` before each start.

use gantry_plugin::prelude::*;

const DOCKERFILE: &str = "FROM debian:bookworm-slim\n\
    RUN apt-get update \\\n\
    \x20&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mumble-server \\\n\
    \x20&& rm -rf /var/lib/apt/lists/*\n";
const PROGRAM: &str = "/usr/sbin/murmurd";
const CONFIGURATION: &str = "murmur.ini";
/// Where a step of the installation finds the password, outside of the server's directory.
const PASSWORD: &str = "/run/superuser";
/// A fixed text: no value of a person's is in it.
const SET_PASSWORD: &str = "exec /usr/sbin/murmurd -fg -ini /data/murmur.ini -readsupw < /run/superuser";

fn image() -> Image {
    Image::dockerfile(DOCKERFILE)
}

pub(crate) fn install(server: &Server) -> Result<InstallPlan, Failure> {
    let plan = InstallPlan::new().step("Build the Mumble image", 20, Action::BuildImage(image())).step(
        "Write the first configuration",
        1,
        Action::EditConfig(configuration(server)?),
    );
    let password = server.setting("superuser_password");
    if password.is_empty() {
        return Ok(plan);
    }
    let mut sets = ContainerRun::new(image(), ["sh", "-c", SET_PASSWORD]);
    sets.environment.push(Setting { key: "HOME".to_owned(), value: "/data".to_owned() });
    sets.files.push((PASSWORD.to_owned(), format!("{password}\n")));
    sets.timeout_ms = 120_000;
    Ok(plan.step("Set SuperUser's password", 2, Action::Run(sets)))
}

/// Texts stand between quotes, without which the server takes a comma for the beginning of another value.
fn configuration(server: &Server) -> Result<ConfigEdit, Failure> {
    let port = server.port("control")?;
    if port != server.port("voice")? {
        let message = "Mumble uses one number for control by TCP and for voice by UDP. Give the server allocations with the same port.";
        return Err(Failure::new("ports_differ", message));
    }
    let edits = [
        ("database", "/data/murmur.sqlite".to_owned()),
        // An empty log file sends the log to the console.
        ("logfile", String::new()),
        ("pidfile", String::new()),
        ("bonjour", "false".to_owned()),
        ("allowping", "true".to_owned()),
        ("port", port.to_string()),
        ("users", server.setting("max_users").to_owned()),
        ("bandwidth", server.setting("bandwidth").to_owned()),
        ("registerName", server.quoted("name")?),
        ("welcometext", server.quoted("welcome")?),
        ("serverpassword", server.quoted("join_password")?),
    ];
    Ok(ConfigEdit::new(CONFIGURATION, Format::Ini, edits))
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    let command = [PROGRAM, "-fg", "-ini", "/data/murmur.ini"];
    let mut spec = RunSpec::new(image(), command).environment("HOME", "/data").edit(configuration(server)?);
    spec.terminal = false;
    // What it keeps is in its database at once.
    Ok(spec
        .ready_when_answering("voice", crate::ping::QUESTION)
        .stop([StopStep::Signal("SIGTERM".to_owned()), StopStep::WaitMs(15_000)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(settings: &[(&str, &str)], voice: u16) -> Server {
        let setting =
            |(key, value): &(&str, &str)| Setting { key: (*key).to_owned(), value: (*value).to_owned() };
        let endpoint = |name: &str, protocol, port| Endpoint {
            name: name.to_owned(),
            protocol,
            address: "192.0.2.1".to_owned(),
            port,
        };
        Server {
            id: "0".to_owned(),
            name: "Test".to_owned(),
            blueprint: "mumble".to_owned(),
            settings: settings.iter().map(setting).collect(),
            facts: Vec::new(),
            endpoints: vec![
                endpoint("control", Protocol::Tcp, 64_800),
                endpoint("voice", Protocol::Udp, voice),
            ],
            limits: Limits::new(256, 50, 256),
            time_zone: "UTC".to_owned(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn texts_stand_between_quotes_and_none_can_end_them() {
        let spec = run(&server(&[("welcome", "Be kind, all")], 64_800)).expect("a spec");
        let welcome = spec.edits[0].edits.iter().find(|edit| edit.at == "welcometext").expect("the edit");
        assert_eq!(welcome.value, "\"Be kind, all\"");
        let refused = run(&server(&[("welcome", "a\"b")], 64_800)).expect_err("a quote");
        assert_eq!(refused.code, "unquotable_setting");
    }

    #[test]
    fn the_password_is_in_a_file_of_its_step_alone() {
        let plan = install(&server(&[("superuser_password", "s3cret, $(id)")], 64_800)).expect("a plan");
        let Action::Run(run) = &plan.steps[2].action else { panic!("{plan:?}") };
        assert_eq!(run.files, [("/run/superuser".to_owned(), "s3cret, $(id)\n".to_owned())]);
        assert!(!run.command.iter().any(|part| part.contains("s3cret")));
        assert_eq!(install(&server(&[], 64_800)).expect("a plan").steps.len(), 2);
    }

    #[test]
    fn two_numbers_are_refused() {
        assert_eq!(run(&server(&[], 64_801)).expect_err("two numbers").code, "ports_differ");
    }
}
