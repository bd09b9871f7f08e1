"""What each column means, proven by arithmetic or asked."""
