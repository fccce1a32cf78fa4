"""What citizens see: find a service, a form that arrives filled in, a receipt, one timeline."""
