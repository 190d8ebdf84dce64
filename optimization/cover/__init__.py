"""Cover: how many people of each skill come to each shift of each ward, with proof and reasons."""
