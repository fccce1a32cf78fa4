"""What officers see: a queue, a dossier with the register's value beside the declared one, the next act as one button."""
