"""How good kept answers are, without known answers to compare with: scored every night, and watched for changes of level."""
