"""What all stages share: plain values and pure rules. Imports nothing of Autofix but itself."""
