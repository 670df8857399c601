"""Fits what decides which sentence answers and whether any does, on question sets with known answers."""
