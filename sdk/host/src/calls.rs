//! The calls of the contract as values: what each is given, what it answers, and which function of a component does it.
//!
//! Values can be carried into the process that guests run in; what comes back is the guest's answer in the contract's own
//! words, which `convert` checks on this side whichever process it was computed in.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::bindings::{
    actions, blueprints, collector, config_files, console_events, hooks, importer, plans, tabs, types,
};
use crate::generations::Exports;
use crate::kind::Kind;
use crate::state::CallState;

/// A call that can be made.
pub(crate) trait Request: Serialize + DeserializeOwned + std::marker::Send + 'static {
    /// What the guest says.
    type Answer: Serialize + DeserializeOwned + std::marker::Send + 'static;
    /// Which call it is.
    const KIND: Kind;

    /// Calls the guest.
    fn perform(
        self,
        store: &mut Store<CallState>,
        instance: &Instance,
        exports: &Exports,
    ) -> impl Future<Output = wasmtime::Result<Self::Answer>> + std::marker::Send;
}

/// What is to be done with the request of a kind that is known only when it arrives.
pub(crate) trait ForKind {
    /// What comes of it.
    type Outcome;
    /// Does it.
    fn with<R: Request>(self) -> Self::Outcome;
}

/// Each call: its kind with what it is given, its answer, and the function.
macro_rules! calls {
    ($($name:ident { $($field:ident: $type:ty),* } -> $answer:ty = $function:ident($($given:expr),*);)*) => {
        $(
            #[derive(serde::Serialize, serde::Deserialize)]
            pub(crate) struct $name { $(pub(crate) $field: $type),* }

            impl Request for $name {
                type Answer = $answer;
                const KIND: Kind = Kind::$name;

                async fn perform(
                    self,
                    store: &mut Store<CallState>,
                    instance: &Instance,
                    exports: &Exports,
                ) -> wasmtime::Result<Self::Answer> {
                    let Self { $($field),* } = self;
                    exports.$function(store, instance $(, $given)*).await
                }
            }
        )*

        impl Kind {
            /// Does something with the request that belongs to this kind.
            pub(crate) fn with<F: ForKind>(self, what: F) -> F::Outcome {
                match self {
                    $(Self::$name => what.with::<$name>(),)*
                }
            }
        }
    };
}

/// An answer of a call that may be refused.
type Said<T> = Result<T, types::Failure>;

calls! {
    Blueprints {} -> Vec<blueprints::Blueprint> = blueprints();
    Validate { server: types::Server } -> Vec<types::FieldProblem> = validate(&server);
    InstallPlan { server: types::Server } -> Said<plans::InstallPlan> = install(&server);
    RunSpec { server: types::Server } -> Said<plans::RunSpec> = run(&server);
    Collect { server: types::Server } -> Said<collector::Sample> = collect(&server);
    ConsoleEvents { server: types::Server, lines: Vec<String> } -> Vec<console_events::Found> = parse(&server, &lines);
    OfferActions { server: types::Server } -> Vec<actions::Action> = offer_actions(&server);
    Perform { server: types::Server, id: String, form: Vec<types::Setting> } -> Said<Vec<types::Effect>>
        = perform(&server, &id, &form);
    Broadcast { server: types::Server, text: String } -> Vec<types::Effect> = broadcast(&server, &text);
    Quiesce { server: types::Server } -> Vec<types::Effect> = quiesce(&server);
    Resume { server: types::Server } -> Vec<types::Effect> = resume(&server);
    Send { server: types::Server, line: String } -> Said<String> = send(&server, &line);
    Choices { name: String, settings: Vec<types::Setting> } -> Said<Vec<types::Choice>> = choices(&name, &settings);
    Resolve { server: types::Server } -> Said<Vec<types::Setting>> = resolve(&server);
    Import { file_name: String, content: Vec<u8> } -> Said<importer::Imported> = convert(&file_name, &content);
    ConfigFiles { server: types::Server } -> Vec<config_files::ConfigFile> = config_files(&server);
    OfferTabs { server: types::Server } -> Vec<tabs::Tab> = offer_tabs(&server);
    Render { server: types::Server, tab: String } -> Said<Vec<tabs::Block>> = render(&server, &tab);
    Wants {} -> Vec<String> = wants();
    HookSettings {} -> Vec<types::Variable> = settings();
    Handle { event: hooks::Event, settings: Vec<types::Setting> } -> Said<()> = handle(&event, &settings);
}
