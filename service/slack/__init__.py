"""The Slack bot: questions out of Slack's events, answers into its threads. It asks the same assistant as the page does."""
