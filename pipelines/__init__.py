"""The show: inbox -> director -> writer -> voice -> face, which together make Takes."""
