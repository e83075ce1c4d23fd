"""Sphinx configuration: Markdown with executed examples; a warning or a failing example fails the build."""

from detente.version import __version__

project = "détente"
author = "The détente developers"
release = version = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "détente"
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
myst_enable_extensions = ["dollarmath", "deflist"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_use_rtype = False
suppress_warnings = ["mystnb.unknown_mime_type"]
