"""What officers see: a queue, a dossier beside the registers, the acts on it; and the hospital's page of notices."""
