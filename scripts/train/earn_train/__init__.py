"""Training of EARN decoders."""
