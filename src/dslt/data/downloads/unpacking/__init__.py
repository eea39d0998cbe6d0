"""Archives that may be hostile: unpacked as a whole or not at all, or read while packed."""
