"""The templates of the HTML report, loaded by ``agents.report``."""
