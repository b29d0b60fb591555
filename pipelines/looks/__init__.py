"""Looks: a picture of a person becomes a bank that playout can animate."""
