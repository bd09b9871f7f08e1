"""Rules that what is rented must keep, whoever changes the program; Pulumi checks them before it does anything."""
