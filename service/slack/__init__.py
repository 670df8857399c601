"""The Slack bot: questions out of Slack's events, answers into its threads. It asks the same desk as the page does."""
