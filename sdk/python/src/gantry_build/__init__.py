"""From an author's folder to a component: ``python -m gantry_build PLUGIN_DIR -o OUT.wasm``."""
