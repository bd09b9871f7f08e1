"""What is to be sent: events for webhooks, and mails with links, written in the transaction of what they are about."""
