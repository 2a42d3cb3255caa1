"""Who is told: debts, batching, deliveries. Declares the small port it needs from Docker."""
