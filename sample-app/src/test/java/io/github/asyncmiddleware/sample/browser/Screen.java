package io.github.asyncmiddleware.sample.browser;

/**
 * What a page is shown on.
 *
 * @param theme the colours that the user prefers: {@code light} or {@code dark}
 * @param width the width in CSS pixels
 * @param height the height in CSS pixels
 */
public record Screen(String theme, int width, int height) {

	/**
	 * A screen on a desk.
	 * @param theme the colours that the user prefers
	 * @return the screen
	 */
	public static Screen desktop(String theme) {
		return new Screen(theme, 1280, 900);
	}

	/**
	 * A screen in a hand.
	 * @param theme the colours that the user prefers
	 * @return the screen
	 */
	public static Screen phone(String theme) {
		return new Screen(theme, 390, 844);
	}

	boolean isPhone() {
		return this.width < 500;
	}

	@Override
	public String toString() {
		return this.theme + "-" + (isPhone() ? "phone" : "desktop");
	}

}
