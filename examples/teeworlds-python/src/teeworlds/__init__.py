"""The plugin, a module for each part."""
